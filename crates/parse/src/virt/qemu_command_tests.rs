use super::*;

fn command(line: &str) -> Option<QemuCommand> {
    qemu_command(&arguments(line.replace(' ', "\0").as_bytes()))
}

fn only_console(line: &str) -> Console {
    let mut consoles = command(line).unwrap().consoles;
    assert_eq!(consoles.len(), 1, "{line}");
    consoles.remove(0)
}

#[test]
fn libvirt_s_command_line_gives_guest_and_console() {
    let line = "/usr/bin/qemu-system-x86_64 -name guest=web1,debug-threads=on -S -machine pc,usb=off \
                -uuid 6f1c2b1e -netdev tap,ifname=vnet3,id=n -vnc 0.0.0.0:7,password=on,websocket=5707,audiodev=audio1";
    let parsed = command(line).unwrap();
    assert_eq!(parsed.guest.unwrap(), "web1");
    assert_eq!(parsed.taps, [Text::from("vnet3")]);
    let console = &parsed.consoles[0];
    assert_eq!(console.listens, [Listen::Address("0.0.0.0".into())]);
    assert_eq!((console.port, console.websocket, console.password), (Some(5907), Some(5707), true));
    assert!(!console.tls && !console.sasl);
}

#[test]
fn an_empty_host_is_all_addresses() {
    let console = only_console("qemu-system-x86_64 -vnc :0");
    assert_eq!((console.listens, console.port), (vec![Listen::AllAddresses], Some(5900)));
    assert_eq!(only_console("kvm --vnc [::1]:3").listens, [Listen::Address("::1".into())]);
    assert_eq!(only_console("qemu-kvm -display vnc=:1").port, Some(5901));
}

#[test]
fn proxmox_listens_on_a_socket() {
    let console = only_console(
        "/usr/bin/kvm -id 100 -name web -vnc unix:/var/run/qemu-server/100.vnc,password=on",
    );
    assert_eq!(console.listens, [Listen::Socket(Some("/var/run/qemu-server/100.vnc".into()))]);
    assert_eq!(console.port, None);
}

#[test]
fn a_viewer_that_qemu_calls_itself_is_no_listener() {
    let console = only_console("qemu-system-x86_64 -vnc 203.0.113.9:5500,reverse=on");
    assert_eq!(console.listens, [Listen::Reverse("203.0.113.9:5500".into())]);
    assert_eq!(console.port, None);
}

#[test]
fn no_console_where_none_is_wanted() {
    assert!(command("qemu-system-x86_64 -vnc none -display none").unwrap().consoles.is_empty());
}

#[test]
fn spice_is_open_only_with_ticketing_off() {
    let open = only_console("qemu-system-x86_64 -spice port=5930,disable-ticketing=on");
    assert_eq!((open.port, open.password, open.tls), (Some(5930), false, false));
    assert_eq!(open.listens, [Listen::AllAddresses]);
    let ticket = only_console("qemu-system-x86_64 -spice tls-port=5931,addr=127.0.0.1");
    assert_eq!((ticket.tls_port, ticket.password, ticket.tls), (Some(5931), true, true));
}

#[test]
fn monitors_and_debuggers_on_tcp_are_told() {
    let line = "qemu-system-x86_64 -monitor tcp:0.0.0.0:4444,server,nowait -s -qmp unix:/run/q,server=on \
                -chardev socket,id=m,host=192.0.2.1,port=4445,server=on -mon chardev=m,mode=control \
                -chardev socket,id=serial,host=0.0.0.0,port=4446,server=on";
    let controls = command(line).unwrap().controls;
    let told: Vec<_> =
        controls.iter().map(|c| (c.option.lossy(), c.address.lossy(), c.port)).collect();
    let expected = [("-monitor", "0.0.0.0", 4444), ("-gdb", "", 1234), ("-mon", "192.0.2.1", 4445)];
    assert_eq!(told, expected.map(|(option, address, port)| (option.into(), address.into(), port)));
}

#[test]
fn qemu_under_another_name_is_known_by_its_options_and_others_are_not() {
    assert!(!command("/tmp/.x/sshd -vnc :4 -drive file=/tmp/d.img -m 512").unwrap().named);
    assert!(command("/usr/sbin/sshd -D").is_none());
    assert!(command("x11vnc -display :0").is_none());
    assert!(qemu_command(&arguments(b"")).is_none());
}

proptest::proptest! {
    #[test]
    fn any_arguments_end_in_an_answer(mut parts: Vec<Vec<u8>>) {
        parts.insert(0, b"qemu-system-x86_64".to_vec());
        parts.insert(1, b"-vnc".to_vec());
        let _ = qemu_command(&arguments(&parts.join(&0)));
    }
}
