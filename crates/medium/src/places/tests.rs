use super::*;
use std::os::unix::fs::symlink;

/// A machine with a system disk (root and a volume on it), a data disk, a stick of two partitions and a
/// memory file system; folders are below `dir`, since paths are resolved.
struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let machine = Self { dir };
        machine.disk("sda", "8:0", &[("sda1", "8:1"), ("sda2", "8:2")]);
        machine.disk("sdb", "8:16", &[]);
        machine.disk("sdc", "8:32", &[("sdc1", "8:33"), ("sdc2", "8:34")]);
        let volume = machine.device("dm-0", "253:0");
        std::fs::create_dir_all(volume.join("slaves/sda2")).unwrap();
        std::fs::write(volume.join("slaves/sda2/dev"), "8:2\n").unwrap();
        for folder in ["root/home", "root/data", "stick", "out", "memory", "disk/var"] {
            std::fs::create_dir_all(machine.at(folder)).unwrap();
        }
        machine
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn device(&self, below: &str, number: &str) -> PathBuf {
        let device = self.at("sys/devices").join(below);
        std::fs::create_dir_all(&device).unwrap();
        std::fs::create_dir_all(self.at("sys/dev/block")).unwrap();
        symlink(&device, self.at("sys/dev/block").join(number)).unwrap();
        device
    }

    fn disk(&self, name: &str, number: &str, parts: &[(&str, &str)]) {
        self.device(name, number);
        for (part, number) in parts {
            let device = self.device(&format!("{name}/{part}"), number);
            std::fs::write(device.join("partition"), "1\n").unwrap();
        }
    }

    fn places(&self) -> Places {
        let at = |name: &str| self.at(name).display().to_string();
        let lines = [
            "1 0 8:1 / / rw - ext4 /dev/sda1 rw".to_owned(),
            format!("2 1 253:0 / {} rw - xfs /dev/mapper/vg-home rw", at("root/home")),
            format!("3 1 8:33 / {} ro - vfat /dev/sdc1 ro", at("stick")),
            format!("4 1 8:34 / {} rw - ext4 /dev/sdc2 rw", at("out")),
            format!("5 1 0:40 / {} rw - tmpfs tmpfs rw", at("memory")),
            format!("6 1 8:16 / {} ro - ext4 /dev/sdb rw", at("disk")),
        ];
        Places::of(lines.join("\n").as_bytes(), &self.at("sys"))
    }

    fn refused(&self, folder: &str, audited: Audited<'_>) -> Option<String> {
        let refused = self.places().on_audited(&self.at(folder), audited, &self.at("stick"));
        refused.unwrap().map(|on| on.to_string())
    }
}

#[test]
fn a_partition_and_a_volume_of_the_system_disk_are_the_hosts() {
    let machine = Machine::new();
    let root = machine.refused("root/data", Audited::Machine).unwrap();
    assert_eq!(root, "/dev/sda1 (ext4, mounted on /)");
    let home = machine.refused("root/home", Audited::Machine).unwrap();
    assert!(home.starts_with("/dev/mapper/vg-home (xfs, mounted on "), "{home}");
}

#[test]
fn the_mediums_own_disk_and_memory_are_not_the_hosts() {
    let machine = Machine::new();
    assert_eq!(machine.refused("out", Audited::Machine), None);
    assert_eq!(machine.refused("memory", Audited::Machine), None);
}

#[test]
fn of_a_mounted_disk_only_that_disk_is_the_hosts() {
    let machine = Machine::new();
    let disk = machine.at("disk");
    let audited = Audited::Root(&disk);
    assert!(machine.refused("disk/var", audited).unwrap().starts_with("/dev/sdb "));
    assert_eq!(machine.refused("root/data", audited), None);
    assert_eq!(machine.refused("out", audited), None);
}

#[test]
fn a_medium_unpacked_on_the_hosts_own_disk_does_not_free_that_disk() {
    let machine = Machine::new();
    let medium = machine.at("root/data");
    let on = machine.places().on_audited(&machine.at("root/home"), Audited::Machine, &medium);
    assert!(on.unwrap().is_some());
}

#[test]
fn a_loop_lies_on_the_disk_of_its_file() {
    let machine = Machine::new();
    let device = machine.device("loop0", "7:0");
    std::fs::create_dir_all(device.join("loop")).unwrap();
    std::fs::write(machine.at("image"), "").unwrap();
    let backing = format!("{}\n", machine.at("image").display());
    std::fs::write(device.join("loop/backing_file"), backing).unwrap();
    assert_eq!(machine.places().block(7, 0, DEEPEST), BTreeSet::from(["sda".to_owned()]));
}
