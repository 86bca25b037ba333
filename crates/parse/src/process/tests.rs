//! Tests on literal texts of a 6.x kernel, and on any bytes at all.

use proptest::prelude::*;

use super::net::{inet_table, packet_table, unix_table};
use super::*;
use crate::Text;

const STAT: &[u8] =
    b"4711 (a) b (x) S 1 4711 4711 34816 4711 4194560 9 0 0 0 12 30 0 0 20 0 3 0 987654 1 2 3\n";

#[test]
fn a_name_ends_at_the_last_bracket() {
    let stat = process_stat(STAT).unwrap();
    assert_eq!(stat.comm, "a) b (x");
    assert_eq!((stat.pid, stat.parent, stat.threads, stat.started), (4711, 1, 3, 987_654));
    assert_eq!((stat.ticks, stat.reaped, stat.terminal), (42, 0, 34816));
    assert!(!stat.is_kernel_thread());
}

#[test]
fn the_kernels_threads_are_known_by_their_flag() {
    let text = b"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 9 0 0 20 0 1 0 3 0 0";
    assert!(process_stat(text).unwrap().is_kernel_thread());
    let forged = b"99 (kworker/0:1) S 1 0 0 0 -1 4194560 0 0 0 0 0 9 0 0 20 0 1 0 3 0 0";
    assert!(!process_stat(forged).unwrap().is_kernel_thread());
}

#[test]
fn status_gives_owners_tracer_and_numbers_by_namespace() {
    let text = b"Name:\tx\\nUid:\t0\nTgid:\t40\nTracerPid:\t9\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nNSpid:\t40\t7\nCapEff:\t0000000000003000\n";
    let status = process_status(text).unwrap();
    assert_eq!((status.group, status.tracer, status.uids), (40, 9, [1, 2, 3, 4]));
    assert_eq!((status.pids, status.capabilities), (vec![40, 7], 0x3000));
    assert_eq!(process_status(b"Name:\tx\n"), None);
}

#[test]
fn only_the_kernels_mark_makes_a_name_deleted() {
    let name = ExecutableName::new(b"/usr/sbin/sshd (deleted)");
    assert_eq!((name.path.clone(), name.marked_deleted), (Text::from("/usr/sbin/sshd"), true));
    assert_eq!(name.memory(), None);
    let memory = ExecutableName::new(b"/memfd:x y (deleted)");
    assert_eq!(memory.memory(), Some(Text::from("x y")));
    assert_eq!(ExecutableName::new(b"/memfd:x").memory(), None);
}

#[test]
fn descriptors_are_told_apart() {
    assert_eq!(Descriptor::new(b"socket:[104714]"), Descriptor::Socket(104_714));
    assert_eq!(Descriptor::new(b"pipe:[7]"), Descriptor::Pipe(7));
    assert_eq!(Descriptor::new(b"anon_inode:bpf-prog"), Descriptor::Anonymous("bpf-prog".into()));
    assert_eq!(
        Descriptor::new(b"anon_inode:[eventpoll]"),
        Descriptor::Anonymous("eventpoll".into())
    );
    assert_eq!(Descriptor::new(b"/memfd:a (deleted)"), Descriptor::Memory("a".into()));
    assert_eq!(Descriptor::new(b"/tmp/socket:[1]"), Descriptor::File("/tmp/socket:[1]".into()));
}

#[test]
fn no_variable_but_those_that_load_code_is_kept() {
    let found =
        interesting_variables(b"SECRET=x\0LD_PRELOAD=/tmp/x.so\0LD_PRELOADED=y\0LD_AUDIT=\0\0=");
    assert_eq!(found, [(Text::from("LD_PRELOAD"), Text::from("/tmp/x.so"))]);
}

#[test]
fn mappings_have_names_with_blanks_and_marks() {
    let text = b"7f00-8000 r-xp 00001000 fd:01 1234                       /tmp/a b (deleted)\nffff-1ffff rwxp 00000000 00:00 0 \n9000-a000 ---s 00000000 00:05 7 [x]\nbad\n";
    let all: Vec<_> = mappings(text).collect();
    let first = all[0].as_ref().unwrap();
    assert_eq!((first.start, first.end, first.offset), (0x7f00, 0x8000, 0x1000));
    assert_eq!((first.device, first.inode), ((0xfd, 1), 1234));
    assert_eq!((first.name.clone(), first.marked_deleted), (Text::from("/tmp/a b"), true));
    assert!(first.executable && !first.writable && !first.shared);
    let second = all[1].as_ref().unwrap();
    assert!(second.writable && second.executable && !second.is_file() && second.name.is_empty());
    assert!(all[2].as_ref().unwrap().shared);
    assert_eq!(all[3].as_ref().unwrap_err().number, 4);
}

#[test]
fn mounts_are_unescaped_once() {
    let text = b"36 35 98:0 /mnt\\0401 /mnt\\1342 rw,noatime master:1 shared:2 - ext3 /dev/root rw\n40 36 0:5 / /proc rw - proc proc rw\n41 bad\n";
    let all: Vec<_> = mounts(text).collect();
    let first = all[0].as_ref().unwrap();
    assert_eq!((first.root.clone(), first.point.clone()), ("/mnt 1".into(), "/mnt\\2".into()));
    assert_eq!((first.device, first.file_system.clone()), ((98, 0), "ext3".into()));
    assert_eq!(all[1].as_ref().unwrap().point, "/proc");
    assert!(all[2].is_err());
}

#[test]
fn bpf_objects_and_tun_interfaces_are_read_from_descriptors() {
    let program = b"pos:\t0\nflags:\t02000002\nprog_type:\t1\nprog_jited:\t1\nprog_id:\t99\n";
    let object = bpf_object(program).unwrap();
    assert_eq!((object.kind, object.id, object.type_name), (BpfKind::Program, 99, "1".into()));
    let link = b"link_type:\txdp\nlink_id:\t4\nprog_tag:\t0\nprog_id:\t99\nifindex:\t2\n";
    assert_eq!(bpf_object(link).unwrap().kind, BpfKind::Link);
    assert_eq!(tun_interface(b"pos:\t0\niff:\tvnet3\n"), Some("vnet3".into()));
    assert_eq!(bpf_object(b"pos:\t0\n"), None);
}

fn placed(path: &str) -> Placement {
    let line = format!("0::{path}\n");
    Placement::of(&cgroup_paths(line.as_bytes()))
}

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const POD: &str = "11111111-2222-3333-4444-555555555555";

fn contained(engine: Engine, pod: Option<&str>) -> Placement {
    Placement::Container { engine, id: ID.into(), pod: pod.map(Text::from) }
}

#[test]
fn containers_are_known_in_the_forms_of_each_engine() {
    let under = POD.replace('-', "_");
    let docker = contained(Engine::Docker, None);
    assert_eq!(placed(&format!("/system.slice/docker-{ID}.scope")), docker);
    assert_eq!(placed(&format!("/docker/{ID}")), docker);
    assert_eq!(placed(&format!("/docker/{ID}/init.scope")), docker);
    let slice =
        format!("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{under}.slice");
    let pod = contained(Engine::Containerd, Some(POD));
    assert_eq!(placed(&format!("{slice}/cri-containerd-{ID}.scope")), pod);
    assert_eq!(placed(&format!("{slice}/crio-{ID}.scope")), contained(Engine::CriO, Some(POD)));
    let odd = format!(
        "/system.slice/containerd.service/kubepods-burstable-pod{under}.slice:cri-containerd:{ID}"
    );
    assert_eq!(placed(&odd), pod);
    let plain = contained(Engine::Unknown, Some(POD));
    assert_eq!(placed(&format!("/kubepods/besteffort/pod{POD}/{ID}")), plain);
    assert_eq!(placed(&slice), Placement::Pod { pod: POD.into() });
    let podman = contained(Engine::Podman, None);
    assert_eq!(placed(&format!("/machine.slice/libpod-{ID}.scope/container")), podman);
    let lxc = Placement::Container { engine: Engine::Lxc, id: "web".into(), pod: None };
    assert_eq!(placed("/lxc.payload.web/system.slice/ssh.service"), lxc);
}

#[test]
fn guests_units_and_sessions_are_told_apart() {
    let web = Placement::Domain { name: "web-1".into() };
    assert_eq!(
        placed("/machine.slice/machine-qemu\\x2d7\\x2dweb\\x2d1.scope/libvirt/emulator"),
        web
    );
    assert_eq!(placed("/machine/qemu-7-web-1.libvirt-qemu/vcpu0"), web);
    assert_eq!(placed("/system.slice/ssh.service"), Placement::Unit { unit: "ssh.service".into() });
    let session = Placement::Session { uid: 1000, session: "3".into() };
    assert_eq!(placed("/user.slice/user-1000.slice/session-3.scope"), session);
    let unit = |unit: &str| Placement::UserUnit { uid: 1000, unit: unit.into() };
    let manager = "/user.slice/user-1000.slice/user@1000.service";
    assert_eq!(placed(&format!("{manager}/app.slice/foot.service")), unit("foot.service"));
    assert_eq!(placed(&format!("{manager}/init.scope")), unit("init.scope"));
    assert_eq!(placed("/"), Placement::Host);
    assert_eq!(placed("/own/group"), Placement::Group { path: "/own/group".into() });
}

#[test]
fn old_hierarchies_tell_what_the_new_one_does_not() {
    let lines = format!("9:memory:/docker/{ID}\n1:name=systemd:/system.slice/x.service\n0::/\n");
    assert_eq!(Placement::of(&cgroup_paths(lines.as_bytes())), contained(Engine::Docker, None));
}

#[test]
#[cfg(target_endian = "little")]
fn raw_udp_and_tcp_tables_share_a_reader() {
    let raw = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n  255: 00000000:00FF 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 777 2 0000000000000000 0\n";
    let socket = inet_table(raw).next().unwrap().unwrap();
    assert_eq!((socket.local.port(), socket.inode, socket.uid), (255, 777, 0));
    let six = b"header\n 0: 0000000000000000FFFF0000017100CB:C350 00000000000000000000000000000000:0000 0A 0:0 00:0 0 107 0 5 1\n";
    let socket = inet_table(six).next().unwrap().unwrap();
    assert_eq!(socket.local, "203.0.113.1:50000".parse().unwrap());
    assert_eq!(socket.state, net::TcpState::Listen);
}

#[test]
fn packet_and_unix_tables_are_read_and_a_bad_line_costs_itself() {
    let packet = b"sk RefCnt Type Proto  Iface R Rmem   User   Inode\nbad\n0000000000000000 3      3    0003   2     1 0      0      25333\n";
    let rows: Vec<_> = packet_table(packet).collect();
    assert_eq!(rows[0].as_ref().unwrap_err().number, 2);
    let socket = rows[1].as_ref().unwrap();
    assert_eq!((socket.kind, socket.protocol, socket.interface), (net::PacketKind::Raw, 3, 2));
    assert_eq!(socket.inode, 25333);
    let unix = b"Num RefCount\n0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/a b\n0000000000000000: 00000003 00000000 00000000 0001 03 12346\n";
    let rows: Vec<_> = unix_table(unix).map(Result::unwrap).collect();
    assert_eq!(
        (rows[0].listens, rows[0].inode, rows[0].path.clone()),
        (true, 12345, "/run/a b".into())
    );
    assert!(!rows[1].listens && rows[1].path.is_empty());
}

proptest! {
    #[test]
    fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
        let _ = (process_stat(&bytes), process_status(&bytes), interesting_variables(&bytes));
        let _ = (Descriptor::new(&bytes), bpf_object(&bytes), tun_interface(&bytes));
        let _ = (mappings(&bytes).count(), mounts(&bytes).count());
        let _ = (inet_table(&bytes).count(), packet_table(&bytes).count(), unix_table(&bytes).count());
        let _ = Placement::of(&cgroup_paths(&bytes));
    }

    #[test]
    fn any_name_of_a_process_comes_back_whole(comm: Vec<u8>) {
        let text = [b"7 (", comm.as_slice(), b") S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 5 0"].concat();
        let stat = process_stat(&text).unwrap();
        prop_assert_eq!((stat.comm, stat.started), (Text::new(comm), 5));
    }

    #[test]
    fn any_printable_lines_end_in_an_answer(lines in "([ -~é/:0-9]{0,80}\n){0,6}") {
        let bytes = lines.as_bytes();
        let _ = (mappings(bytes).count(), mounts(bytes).count(), inet_table(bytes).count());
        let _ = Placement::of(&cgroup_paths(bytes));
    }
}
