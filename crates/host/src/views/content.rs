//! The content of a file by calls that a filter of read(2) does not meet.

use std::io::IoSliceMut;

use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;
use rustix::io::{Errno, ReadWriteFlags};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use crate::{Blocked, OpenFile};

const PIECE: usize = 64 << 10;

impl OpenFile {
    /// Reads at most `limit` bytes from the start by preadv2(2).
    ///
    /// # Errors
    /// The kernel's error, as [`Blocked`].
    pub fn read_vectored(&self, limit: usize) -> Result<Vec<u8>, Blocked> {
        let mut bytes = Vec::new();
        let mut piece = vec![0; PIECE];
        while bytes.len() < limit {
            let room = piece.get_mut(..PIECE.min(limit - bytes.len())).unwrap_or_default();
            let mut pieces = [IoSliceMut::new(room)];
            let flags = ReadWriteFlags::empty();
            match rustix::io::preadv2(&self.fd, &mut pieces, bytes.len() as u64, flags) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(piece.get(..count).unwrap_or_default()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(Blocked::from_errno(errno)),
            }
        }
        Ok(bytes)
    }

    /// The first `length` bytes by mmap(2): no read call sees them pass.
    ///
    /// The pages are copied by `process_vm_readv`(2) of this process itself, so a file that is cut
    /// short meanwhile is an error and not a SIGBUS.
    ///
    /// # Errors
    /// The kernel's error, as [`Blocked`].
    pub fn read_mapped(&self, length: usize) -> Result<Vec<u8>, Blocked> {
        if length == 0 {
            return Ok(Vec::new());
        }
        let (protection, flags) = (ProtFlags::READ, MapFlags::PRIVATE);
        // SAFETY: a new mapping at an address that the kernel chooses; nothing here dereferences it.
        #[allow(unsafe_code)]
        let start = unsafe { mmap(std::ptr::null_mut(), length, protection, flags, &self.fd, 0) }?;
        let copied = copy_own(start as usize, length);
        // SAFETY: exactly the mapping made above, to which no reference exists.
        #[allow(unsafe_code)]
        let unmapped = unsafe { munmap(start, length) };
        unmapped?;
        copied
    }
}

fn copy_own(base: usize, length: usize) -> Result<Vec<u8>, Blocked> {
    let mut bytes = vec![0; length];
    let mut local = [IoSliceMut::new(&mut bytes)];
    let remote = [RemoteIoVec { base, len: length }];
    let count = process_vm_readv(Pid::this(), &mut local, &remote)
        .map_err(|errno| Blocked::from_errno(Errno::from_raw_os_error(errno as i32)))?;
    bytes.truncate(count);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use crate::{HostPath, Root};

    fn file(content: &[u8]) -> (tempfile::TempDir, crate::OpenFile) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), content).unwrap();
        let root = Root::open(dir.path()).unwrap();
        let file = root.open_file(&HostPath::new("/file")).unwrap();
        (dir, file)
    }

    #[test]
    fn every_way_reads_the_same_bytes() {
        let content: Vec<u8> = (0..200_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
        for length in [0, 1, 4096, 4097, 200_000] {
            let (_dir, file) = file(&content[..length]);
            assert_eq!(file.read_up_to(1 << 20).unwrap().0, &content[..length]);
            assert_eq!(file.read_vectored(1 << 20).unwrap(), &content[..length]);
            assert_eq!(file.read_mapped(length).unwrap(), &content[..length]);
        }
        let (_dir, file) = file(&content);
        assert_eq!(file.read_vectored(100_000).unwrap(), &content[..100_000]);
    }

    #[test]
    fn a_file_that_is_cut_short_under_a_mapping_is_survived() {
        let (dir, file) = file(&vec![b'x'; 20_000]);
        std::fs::write(dir.path().join("file"), "short").unwrap();
        let read = file.read_mapped(20_000);
        assert!(read.as_ref().is_ok_and(|bytes| bytes.len() <= 4096) || read.is_err(), "{read:?}");
    }
}
