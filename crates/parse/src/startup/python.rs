//! Code that every start of Python runs: `.pth` lines and `sitecustomize`/`usercustomize`.
//!
//! The `site` module executes each line of a `.pth` file that begins with `import` and a blank.

use crate::{BadLine, Text, lines};

use super::Found;

/// The lines of a `.pth` file that are executed; the others only name directories.
pub fn executed_lines(content: &[u8]) -> Vec<Result<Found<Text>, BadLine>> {
    let mut found = Vec::new();
    for line in lines(content) {
        match line {
            Ok(line) => {
                let runs =
                    line.bytes.starts_with(b"import ") || line.bytes.starts_with(b"import\t");
                let value = runs.then(|| Text::from(line.bytes.trim_ascii_end()));
                found.extend(value.map(|value| Ok(Found { line: line.number, value })));
            }
            Err(bad) => found.push(Err(bad)),
        }
    }
    found
}

/// Calls that reach a shell, the network or hidden code.
const REACHES: &[&str] = &[
    "os.system",
    "os.popen",
    "os.exec",
    "os.spawn",
    "os.fork",
    "os.dup2",
    "pty.spawn",
    "subprocess",
    "socket",
    "urllib",
    "http.client",
    "requests.",
    "ctypes",
    "/dev/tcp",
];
const DECODES: &[&str] = &[
    "b64decode",
    "b85decode",
    "b32decode",
    "a85decode",
    "unhexlify",
    "fromhex",
    "zlib",
    "marshal",
    "bytes((",
    "chr(",
    "codecs.decode",
];
const RUNS: &[&str] = &["exec(", "eval(", "compile(", "__import__("];

/// What start-up code does that start-up code of packages does not: reach out, or run what it
/// decodes first. Empty for ordinary code.
pub fn suspicious_calls(code: &Text) -> Vec<&'static str> {
    let code = code.lossy();
    let of = |words: &[&'static str]| -> Vec<&'static str> {
        words.iter().copied().filter(|word| code.contains(word)).collect()
    };
    let mut found = of(REACHES);
    let (decodes, runs) = (of(DECODES), of(RUNS));
    if !decodes.is_empty() && !runs.is_empty() {
        found.extend(runs);
        found.extend(decodes);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_import_lines_are_executed() {
        let got = executed_lines(b"/opt/lib\nimport os; os.system('x')\nimportant\n# import x\n");
        assert_eq!((got.len(), got[0].as_ref().unwrap().line), (1, 2));
    }

    #[test]
    fn code_that_decodes_and_runs_or_reaches_out_is_told() {
        let decoded = "import base64; exec(base64.b64decode('aWQ='))";
        assert_eq!(suspicious_calls(&decoded.into()), ["exec(", "b64decode"]);
        assert!(!suspicious_calls(&"import os; os.system('id')".into()).is_empty());
    }

    #[test]
    fn the_start_up_lines_of_well_known_packages_are_ordinary() {
        let ordinary = [
            "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') \
             == 'local'; enabled and __import__('_distutils_hack').add_shim();",
            "import os, sys;exec('if \"COV_CORE_SOURCE\" in os.environ: init()')",
            "import sys, types, os;p = os.path.join(sys._getframe(1).f_locals['sitedir'], *('a',))",
            "import __editable___x_finder; __editable___x_finder.install()",
        ];
        for line in ordinary {
            assert_eq!(suspicious_calls(&line.into()), Vec::<&str>::new(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            executed_lines(&bytes);
            suspicious_calls(&Text::new(bytes));
        }
    }
}
