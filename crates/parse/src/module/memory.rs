//! `/proc/vmallocinfo` (proc(5)): which code asked for which piece of the kernel's memory.

use crate::lines;

/// Functions of the module loader that ask for a module's memory, whichever of them the compiler
/// left standing (kernel/module/main.c: `move_module` and what it was inlined into).
const LOADER: [&[u8]; 4] =
    [b"load_module", b"move_module", b"layout_and_allocate", b"module_memory_alloc"];
/// Kernels since 6.10 keep modules in memory shared with other code (`execmem_alloc`): their sizes
/// cannot be told apart.
const SHARED: &[u8] = b"execmem_";
/// Each piece has an empty page behind it, which its size includes.
const GUARD: u64 = 4096;

/// The memory that the module loader holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModuleMemory {
    /// Its pieces: one or more for each module.
    pub pieces: u32,
    /// Their bytes.
    pub bytes: u64,
}

/// What the loader holds; `None` where that cannot be told (no such piece at all, or a kernel that
/// shares them).
pub fn module_memory(content: &[u8]) -> Option<ModuleMemory> {
    let mut memory = ModuleMemory { pieces: 0, bytes: 0 };
    for line in lines(content).flatten() {
        let mut fields =
            line.bytes.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        let (Some(size), Some(caller)) = (fields.nth(1), fields.next()) else { continue };
        if caller.starts_with(SHARED) {
            return None;
        }
        let name = caller.split(|&byte| byte == b'+' || byte == b'.').next().unwrap_or_default();
        if !LOADER.contains(&name) {
            continue;
        }
        let size: u64 = std::str::from_utf8(size).ok()?.parse().ok()?;
        memory.pieces = memory.pieces.saturating_add(1);
        memory.bytes = memory.bytes.saturating_add(size.saturating_sub(GUARD));
    }
    (memory.pieces > 0).then_some(memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_the_loader_are_summed_without_their_guard_pages() {
        let text = b"0x0000000076b85880-0x000000006929772f   53248 load_module+0xbb7/0x21a0 pages=12 vmalloc N0=12\n\
            0x000000006929772f-0x00000000b43465da   24576 move_module+0x1c/0x60 pages=5 vmalloc\n\
            0x00000000a5b0d9ad-0x00000000dea10da2   20480 irq_init_percpu_irqstack+0xca/0x100 vmap\n\
            0x00000000a5b0d9ad-0x00000000dea10da2   20480 layout_and_allocate.constprop.0+0x1/0x2\n\
            0x0-0x1 8192 unpurged vm_area\nnonsense\n";
        let memory = module_memory(text).unwrap();
        assert_eq!((memory.pieces, memory.bytes), (3, 53248 + 24576 + 20480 - 3 * 4096));
    }

    #[test]
    fn memory_that_is_shared_and_none_at_all_tell_nothing() {
        assert_eq!(module_memory(b""), None);
        assert_eq!(module_memory(b"0x0-0x1 8192 vmap+0x1/0x2\n"), None);
        let shared = b"0x0-0x1 8192 load_module+0x1/0x2\n0x1-0x2 4096 execmem_alloc+0x1/0x2\n";
        assert_eq!(module_memory(shared), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = module_memory(&bytes);
        }
    }
}
