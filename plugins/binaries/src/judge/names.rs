//! Files among the packaged ones that no package brought.

use coroner_core::{Confidence, FileFacts, FileType, Findings, PackageState, Severity};

use super::files::{Files, is_doubtful, show};
use crate::{names, rules, table};

/// Programs that their own installers put into /usr/bin: container, cluster and cloud tools.
static INSTALLED_BY_HAND: &[&str] = &[
    "aws",
    "aws_completer",
    "az",
    "buildctl",
    "buildkitd",
    "calicoctl",
    "cilium",
    "cloudflared",
    "cni",
    "conmon",
    "consul",
    "containerd-shim",
    "containerd-shim-runc-v1",
    "containerd-shim-runc-v2",
    "crictl",
    "critest",
    "crun",
    "ctr",
    "docker-compose",
    "docker-init",
    "docker-proxy",
    "etcd",
    "etcdctl",
    "flux",
    "gcloud",
    "gh",
    "grafana-agent",
    "hcloud",
    "helm",
    "hubble",
    "istioctl",
    "k0s",
    "k3s",
    "k9s",
    "kind",
    "kops",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubeadm",
    "kubectl",
    "minikube",
    "mc",
    "minio",
    "nerdctl",
    "node_exporter",
    "nomad",
    "oc",
    "packer",
    "podman",
    "prometheus",
    "promtail",
    "rancher",
    "restic",
    "rke",
    "rke2",
    "s5cmd",
    "skopeo",
    "snapd",
    "talosctl",
    "teleport",
    "terraform",
    "tofu",
    "vault",
    "velero",
    "yq",
    "jq",
    "uv",
    "uvx",
    "go",
    "gofmt",
    "cargo",
    "rustc",
    "rustup",
    "deno",
    "bun",
    "traefik",
    "caddy",
    "rclone",
];

/// Drivers and agents that install their libraries by hand.
static INSTALLED_LIBRARIES: &[&str] = &[
    "libnvidia",
    "libcuda",
    "libcudadebugger",
    "libnvcuvid",
    "libnvoptix",
    "libvdpau_nvidia",
    "libGLX_nvidia",
    "libEGL_nvidia",
    "libGLESv",
    "libVBox",
    "libvmtools",
    "libvmGuestLib",
    "liboneagent",
    "libvulkan",
    "libamdocl",
    "libOpenCL",
];

pub(super) fn judge(file: &FileFacts, files: &Files, out: &mut Findings) {
    let unowned = file.state == PackageState::Unowned
        || file.state == PackageState::Unknown && file.package.is_none();
    if !unowned || file.real.is_some() || !names::in_system_directory(&file.path) {
        return;
    }
    if file.file_type == FileType::Regular && files.is_copy_of_shell(file) {
        show(out.raise(&rules::SHELL_COPY, file), file);
    }
    let name = file.path.name();
    if names::is_misleading(name) {
        show(out.raise(&rules::MISLEADING_NAME, file), file);
    } else if renamed_original(file) {
        let kept_from = names::renamed_from(name).unwrap_or_default();
        let draft = show(out.raise(&rules::RENAMED_ORIGINAL, file), file);
        draft.evidence("looks like", kept_from);
    } else if names::is_hidden(name) {
        hidden(file, out);
    } else if file.state == PackageState::Unowned && file.elf.is_some() {
        plain(file, files, out);
    }
}

/// Text beside a tool is a note; a program or library beside it is its original.
fn renamed_original(file: &FileFacts) -> bool {
    names::renamed_from(file.path.name()).is_some() && file.elf.is_some()
}

fn hidden(file: &FileFacts, out: &mut Findings) {
    let code = file.elf.is_some() || file.shebang.is_some();
    let runs = file.file_type == FileType::Regular && file.mode & 0o111 != 0;
    let draft = show(out.raise(&rules::HIDDEN_FILE, file), file);
    if file.file_type == FileType::Directory {
        draft.graded(Severity::Medium, Confidence::Possible);
    } else if !code && !runs {
        draft.graded(Severity::Low, Confidence::Possible);
    }
}

/// An ELF file under an ordinary name. Tools of the table have their own rule.
fn plain(file: &FileFacts, files: &Files, out: &mut Findings) {
    let name = file.path.name();
    if names::ends_as_library(name) {
        library(file, files, out);
    } else if is_doubtful(file)
        && names::tool_at(&file.path).is_none()
        && in_looked_at_directory(file)
    {
        let draft = show(out.raise(&rules::UNOWNED_PROGRAM, file), file);
        if INSTALLED_BY_HAND.iter().any(|known| known.as_bytes() == name) {
            draft.graded(Severity::Info, Confidence::Possible);
        }
    }
}

/// Worse when PAM, the C library's own names or a relied-on program lead to it.
fn library(file: &FileFacts, files: &Files, out: &mut Findings) {
    let name = file.path.name();
    let draft = show(out.raise(&rules::UNOWNED_LIBRARY, file), file);
    let core = table::library(name) == Some(table::Weight::Core);
    if let Some(program) = files.who_needs(name) {
        draft.evidence("needed by", program.text().clone());
        draft.graded(Severity::High, Confidence::Likely);
    } else if core {
        draft.graded(Severity::High, Confidence::Likely);
    } else if file.path.parent().is_some_and(|dir| dir.name() == b"security") {
        draft.graded(Severity::High, Confidence::Possible);
    } else if INSTALLED_LIBRARIES.iter().any(|known| name.starts_with(known.as_bytes())) {
        draft.graded(Severity::Low, Confidence::Possible);
    }
}

/// Programs elsewhere below /usr (language runtimes, DKMS, games) come and go without packages.
fn in_looked_at_directory(file: &FileFacts) -> bool {
    let dir = file.path.parent();
    let mut looked_at = table::PROGRAM_DIRS.iter().chain(table::HELPER_DIRS);
    dir.is_some_and(|dir| looked_at.any(|known| dir == **known))
}
