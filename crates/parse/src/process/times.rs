//! `/proc/stat` (`proc_stat(5)`): what all processors did since the boot.

use super::{number, words};

/// Time of all processors together, and what was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessorTimes {
    /// Clock ticks in which a task ran, in itself or in the kernel for it. Interrupts and time that a
    /// hypervisor took are nobody's and are not in it.
    pub busy: u64,
    /// Processes and threads started since the boot.
    pub forks: u64,
    /// Processors that are switched on.
    pub processors: u32,
}

/// Reads the lines `cpu`, `cpuN` and `processes`.
pub fn processor_times(content: &[u8]) -> Option<ProcessorTimes> {
    let (mut busy, mut forks, mut processors) = (None, None, 0);
    for line in content.split(|&byte| byte == b'\n') {
        let mut fields = words(line);
        match fields.next() {
            Some(b"cpu") => busy = Some(of_tasks(fields)?),
            Some(b"processes") => forks = Some(number(fields.next()?)?),
            Some(name) if name.strip_prefix(b"cpu").is_some_and(is_number) => processors += 1,
            _ => {}
        }
    }
    Some(ProcessorTimes { busy: busy?, forks: forks?, processors })
}

/// `user nice system idle ...`; what guests of KVM use is part of `user` and `nice`.
fn of_tasks<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Option<u64> {
    let first: Vec<u64> = fields.take(3).map(number).collect::<Option<_>>()?;
    (first.len() == 3).then(|| first.iter().fold(0, |sum, ticks| ticks.saturating_add(sum)))
}

fn is_number(digits: &[u8]) -> bool {
    number::<u32>(digits).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_three_columns_are_the_time_of_tasks() {
        let text = b"cpu  100 20 3 900 9 9 9 9 50 0\ncpu0 50 10 1 450 0 0 0 0 0 0\n\
            cpu1 50 10 2 450 0 0 0 0 0 0\nintr 5 0 0\nctxt 77\nbtime 1\nprocesses 4242\n";
        let times = processor_times(text).unwrap();
        assert_eq!(times, ProcessorTimes { busy: 123, forks: 4242, processors: 2 });
        assert_eq!(processor_times(b"cpu 1 2\nprocesses 1\n"), None);
        assert_eq!(processor_times(b"cpu 1 2 3 4\n"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = processor_times(&bytes);
        }
    }
}
