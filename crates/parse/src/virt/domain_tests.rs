use super::*;

const DEFINED: &[u8] = br"<!--
WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
OVERWRITTEN AND LOST.
-->

<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web1</name>
  <uuid>6f1c2b1e-0d7a-4b55-9e59-0f4ce3c8a001</uuid>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'><source file='/var/lib/libvirt/images/web1.qcow2'/><target dev='vda'/></disk>
    <disk type='block' device='disk'><source dev='/dev/vg0/web1'/><target dev='vdb'/></disk>
    <disk type='file' device='cdrom'><target dev='sda'/></disk>
    <interface type='network'><mac address='52:54:00:aa:bb:cc'/><source network='default'/><target dev='vnet3'/></interface>
    <filesystem type='mount'><source dir='/'/><target dir='host'/></filesystem>
    <graphics type='vnc' port='5907' autoport='no' websocket='5707' listen='0.0.0.0' passwd='hunter2' passwdValidTo='2026-01-02T03:04:05'>
      <listen type='address' address='0.0.0.0'/>
    </graphics>
    <graphics type='spice' port='-1' tlsPort='-1' defaultMode='secure'><listen type='network' network='lan'/></graphics>
    <graphics type='vnc'><listen type='socket' socket='/run/x.sock'/></graphics>
    <graphics type='vnc'><listen type='none'/></graphics>
    <graphics type='vnc' port='5901'/>
  </devices>
  <qemu:commandline><qemu:arg value='-vnc'/><qemu:arg value='0.0.0.0:9'/></qemu:commandline>
</domain>
";

#[test]
fn a_defined_domain_gives_its_screens_disks_and_cards() {
    let domain = domain(DEFINED).unwrap();
    assert_eq!(domain.name, "web1");
    assert_eq!(domain.line, 7);
    assert_eq!(domain.emulator.unwrap(), "/usr/bin/qemu-system-x86_64");
    assert_eq!(domain.running, None);
    assert_eq!(domain.disks[1].source, DiskSource::Block("/dev/vg0/web1".into()));
    assert_eq!(domain.disks[2].source, DiskSource::Other("file".into()));
    assert_eq!(domain.interfaces[0].tap.as_ref().unwrap(), &"vnet3");
    assert_eq!(domain.interfaces[0].source.as_ref().unwrap(), &"default");
    assert_eq!(domain.shared[0].source, "/");
    assert_eq!(domain.qemu_arguments, [Text::from("-vnc"), Text::from("0.0.0.0:9")]);
    assert!(!domain.truncated);
}

#[test]
fn every_kind_of_listen_is_told_apart() {
    let consoles = domain(DEFINED).unwrap().consoles;
    let listens: Vec<_> = consoles.iter().map(|console| console.listens[0].clone()).collect();
    assert_eq!(
        listens,
        [
            Listen::Address("0.0.0.0".into()),
            Listen::Network { name: "lan".into(), address: None },
            Listen::Socket(Some("/run/x.sock".into())),
            Listen::Nothing,
            Listen::Unsaid,
        ]
    );
}

#[test]
fn a_password_is_noticed_and_not_kept() {
    let console = &domain(DEFINED).unwrap().consoles[0];
    assert!(console.password);
    assert_eq!(console.line, 16);
    assert_eq!(console.ports().collect::<Vec<_>>(), [5907, 5707]);
    assert_eq!(console.password_valid_to.as_ref().unwrap(), &"2026-01-02T03:04:05");
    assert!(!format!("{console:?}").contains("hunter2"));
}

#[test]
fn minus_one_means_a_port_chosen_at_start() {
    let console = &domain(DEFINED).unwrap().consoles[1];
    assert_eq!(
        (console.port, console.tls_port, console.autoport, console.tls),
        (None, None, true, true)
    );
}

#[test]
fn a_status_file_names_the_process() {
    let status = b"<!--\nWARNING\n-->\n<domstatus state='running' reason='booted' pid='4711'>\n\
        <domain type='qemu' id='1'><name>a</name><devices/></domain></domstatus>";
    let running = domain(status).unwrap().running.unwrap();
    assert_eq!((running.pid, running.state), (4711, "running".into()));
}

#[test]
fn a_dtd_and_another_document_and_bad_bytes_are_refused() {
    let dtd = b"<!DOCTYPE d [<!ENTITY a 'x'>]><domain><name>&a;</name></domain>";
    assert!(matches!(domain(dtd), Err(XmlError::Malformed(_))));
    assert_eq!(domain(b"<network><name>x</name></network>"), Err(XmlError::NoDomain));
    assert_eq!(domain(b"<domain>\xff</domain>"), Err(XmlError::NotUtf8));
}

#[test]
fn a_hundred_thousand_nested_elements_end_in_an_answer() {
    let deep = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
    assert!(domain(deep.as_bytes()).is_err());
}

#[test]
fn devices_beyond_the_bound_are_said_to_be_left_out() {
    let many =
        format!("<domain><devices>{}</devices></domain>", "<graphics type='vnc'/>".repeat(1030));
    let domain = domain(many.as_bytes()).unwrap();
    assert_eq!(domain.consoles.len(), 1024);
    assert!(domain.truncated);
}

proptest::proptest! {
    #[test]
    fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
        let _ = domain(&bytes);
    }

    #[test]
    fn any_attribute_value_ends_in_an_answer(value in "[^'<&]{0,40}") {
        let xml = format!("<domain><devices><graphics type='vnc' port='{value}' listen='{value}'/></devices></domain>");
        let _ = domain(xml.as_bytes());
    }
}
