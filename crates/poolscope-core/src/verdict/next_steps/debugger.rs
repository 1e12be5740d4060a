//! Steps with the kernel debugger, without stopping the host.

use super::{NextStep, Suspect, Tools};

/// A dump or a look at the running kernel.
pub(super) fn live(tools: &Tools, suspect: &Suspect) -> NextStep {
    let tag = typed(suspect);
    let commands = format!("!poolused 2; !poolused 4; !poolfind {tag}; !vm 1; !process 0 0; q");
    if tools.has_live_dump() {
        return NextStep::new(
            "Take a live kernel dump without a restart, and read it anywhere",
            "it holds every allocation with its tag, the objects and the handles of that moment: what a restart \
             destroys",
        )
        .command(format!(
            "livekd64.exe -accepteula -ml -o pool.dmp & kd.exe -z pool.dmp -logo pool.log -c \"{commands}\""
        ))
        .cost(format!(
            "a file of some GB (kernel memory only) and a pause of seconds; livekd is a free Sysinternals tool, kd is \
             in the Windows SDK; !poolfind can take an hour{}",
            tools.assumed()
        ))
        .risk("low; make sure that the disk has room")
        .undo("delete pool.dmp");
    }
    NextStep::new(
        "Look at the running kernel with the debugger, without a restart",
        "!poolused shows every tag, !poolfind the blocks of this one, whose size tells what they hold",
    )
    .command(format!("livekd.exe -accepteula -logo pool.log -c \"{commands}\""))
    .cost("some minutes; livekd is a free Sysinternals tool and needs kd from the Debugging Tools; !poolfind is slow")
    .risk("low; it reads a changing system, so single values can be torn")
}

/// The tag as `!poolfind` takes it: short tags in quotes keep their blanks.
fn typed(suspect: &Suspect) -> String {
    let text = String::from_utf8_lossy(&suspect.key.tag.0).into_owned();
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) { text } else { format!("\"{text}\"") }
}
