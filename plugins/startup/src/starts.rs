//! The launches of this plugin's mechanisms, made alike.

use coroner_core::{Cx, HostPath, Launch, Text, Trigger};

/// A command that stands in a line of a file.
pub(crate) fn command(
    cx: &mut Cx<'_>,
    trigger: Trigger,
    user: Option<&Text>,
    at: (&HostPath, u32),
    name: impl Into<Text>,
    command: Text,
) {
    cx.launch(Launch {
        trigger,
        user: user.cloned(),
        command,
        file: at.0.clone(),
        line: at.1,
        name: name.into(),
        enabled: true,
        programs: Vec::new(),
    });
}

/// A file that is run or sourced as a whole.
pub(crate) fn file(
    cx: &mut Cx<'_>,
    trigger: Trigger,
    user: Option<&Text>,
    file: &HostPath,
    enabled: bool,
) {
    cx.launch(Launch {
        trigger,
        user: user.cloned(),
        command: Text::default(),
        file: file.clone(),
        line: 0,
        name: Text::from(file.name()),
        enabled,
        programs: vec![file.clone()],
    });
}
