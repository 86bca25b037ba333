//! The `format` file of a tracepoint: where each field lies
//! (Documentation/trace/events.rst, "Event formats").

/// Where one field lies in a raw sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) offset: usize,
    pub(crate) size: usize,
}

/// All fields of a tracepoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout(Vec<(Vec<u8>, Field)>);

/// Where `net:net_dev_queue` keeps what is needed of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLayout {
    pub(crate) flags: Field,
    pub(crate) address: Field,
    pub(crate) length: Field,
    pub(crate) device: Field,
}

/// No tracepoint of a kernel has as many fields.
const MOST_FIELDS: usize = 256;
/// The largest raw sample that perf hands out is 64 KiB.
const LARGEST: usize = 1 << 16;

impl Layout {
    /// Reads lines such as `field:unsigned int len; offset:16; size:4; signed:0;`.
    pub fn parse(format: &[u8]) -> Self {
        let lines = format.split(|&byte| byte == b'\n');
        Self(lines.filter_map(field).take(MOST_FIELDS).collect())
    }

    fn get(&self, name: &str) -> Option<Field> {
        self.0.iter().find(|(field, _)| field == name.as_bytes()).map(|(_, field)| *field)
    }

    /// The fields that attribution needs, when this is `net:net_dev_queue`.
    pub fn queue(&self) -> Option<QueueLayout> {
        let sized = |name, size| self.get(name).filter(|field| field.size == size);
        Some(QueueLayout {
            flags: sized("common_flags", 1)?,
            address: self.get("skbaddr").filter(|field| matches!(field.size, 4 | 8))?,
            length: sized("len", 4)?,
            device: sized("name", 4)?,
        })
    }
}

fn field(line: &[u8]) -> Option<(Vec<u8>, Field)> {
    let mut parts = line.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
    let declared = parts.next()?.strip_prefix(b"field:")?;
    let name = declared.rsplit(|byte| matches!(byte, b' ' | b'*')).next()?;
    let name = name.split(|&byte| byte == b'[').next()?;
    let number = |part: Option<&[u8]>, key: &[u8]| {
        let digits = part?.strip_prefix(key)?;
        std::str::from_utf8(digits).ok()?.parse().ok().filter(|&number| number <= LARGEST)
    };
    let offset = number(parts.next(), b"offset:")?;
    let size = number(parts.next(), b"size:")?;
    Some((name.to_vec(), Field { offset, size }))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) const FORMAT: &[u8] = b"name: net_dev_queue\nID: 1458\nformat:\n\
        \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\
        \tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n\
        \tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n\
        \tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n\
        \tfield:void * skbaddr;\toffset:8;\tsize:8;\tsigned:0;\n\
        \tfield:unsigned int len;\toffset:16;\tsize:4;\tsigned:0;\n\
        \tfield:__data_loc char[] name;\toffset:20;\tsize:4;\tsigned:0;\n\n\
        print fmt: \"dev=%s skbaddr=%p len=%u\", __get_str(name), REC->skbaddr, REC->len\n";

    #[test]
    fn the_fields_are_where_the_kernel_says() {
        let layout = Layout::parse(FORMAT).queue().unwrap();
        assert_eq!(layout.flags, Field { offset: 2, size: 1 });
        assert_eq!(layout.address, Field { offset: 8, size: 8 });
        assert_eq!(layout.length, Field { offset: 16, size: 4 });
        assert_eq!(layout.device, Field { offset: 20, size: 4 });
    }

    #[test]
    fn a_tracepoint_without_these_fields_is_another_one() {
        assert_eq!(
            Layout::parse(b"\tfield:int len;\toffset:8;\tsize:4;\tsigned:1;\n").queue(),
            None
        );
        let wrong = String::from_utf8(FORMAT.to_vec()).unwrap().replace("offset:16", "offset:x");
        assert_eq!(Layout::parse(wrong.as_bytes()).queue(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_format(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Layout::parse(&bytes).queue();
        }
    }
}
