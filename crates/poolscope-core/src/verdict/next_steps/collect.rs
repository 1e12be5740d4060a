//! Steps that collect what is missing. All of them only read.

use poolscope_formats::Kind;

use super::{NextStep, Suspect, Tools, typed};
use crate::bounds::empty_moments_between;
use crate::judge::LEAST_SNAPSHOTS;
use crate::rules::View;
use crate::tagnotes::note;

/// A series of this many snapshots over a day answers what a longer one would.
const LONG_SERIES: usize = 48;

/// A pool that runs out within this many hours leaves no time for a day of snapshots.
const SOON_HOURS: f64 = 48.0;

pub(super) fn app_pools(tools: &Tools) -> NextStep {
    let command = if tools.is_old() {
        "cscript %windir%\\system32\\iisapp.vbs"
    } else {
        "%windir%\\system32\\inetsrv\\appcmd list apppool"
    };
    NextStep::new(
        "Look at the request queues of these failures (each is one application pool), and at what their requests wait for",
        "the failed requests were turned away there, not by missing memory: a queue fills when what answers it is slow \
         or stopped",
    )
    .command(command)
    .cost("seconds")
    .risk("none: it only lists")
}

/// Which process holds the commit, over time.
pub(super) fn process_memory(holder: Option<&str>, tools: &Tools) -> NextStep {
    let title = match holder {
        Some(process) => format!(
            "Follow the memory of {process} and of the others, and see whether it grows again after its restart"
        ),
        None => "See which process holds the memory, and follow it".to_owned(),
    };
    let command = if tools.is_old() {
        "tasklist /v"
    } else {
        "powershell -c \"Get-Process | Sort-Object PagedMemorySize64 -Descending | Select-Object -First 15 Name,Id,@{n='PrivateMiB';e={[int]($_.PagedMemorySize64/1MB)}},HandleCount,StartTime | Format-Table -AutoSize\""
    };
    NextStep::new(
        title,
        "the commit was spent by processes, not by the pools: restarting that process gives the memory back, and \
         whoever makes it has to mend it",
    )
    .command(command)
    .cost("seconds")
    .risk("none: it only lists")
}

/// A series of snapshots; `None` where the evidence holds a long one already.
pub(super) fn snapshots(view: &View<'_>, tools: &Tools) -> Option<NextStep> {
    let have = view.case.snapshots.len();
    let judged = view.main_boot().map(|boot| &boot.judgement);
    let listed = judged.and_then(|j| j.tags.iter().map(|tag| tag.samples).max()).unwrap_or(0);
    if listed >= LONG_SERIES && judged.is_some_and(|judged| judged.hours >= 24.0) {
        return None;
    }
    let ends = judged.into_iter().flat_map(|judged| &judged.growth).filter_map(|growth| growth.exhaustion);
    let now = view.case.snapshots.last().map(|snapshot| snapshot.time);
    let soon = ends.zip(now).any(|(end, now)| end.estimate.hours_since(now) < SOON_HOURS);
    let why = if have < LEAST_SNAPSHOTS {
        let number = if have == 1 { "is one".to_owned() } else { format!("are {have}") };
        format!("a leak is claimed from at least eight snapshots of one boot; there {number}")
    } else {
        "a longer series shows slower leaks, and a whole day tells a leak from a daily cycle".to_owned()
    };
    let (title, wait) = if soon {
        (
            "Take a snapshot of the tag table every 10 minutes for at least four hours: the pool runs out soon",
            600,
        )
    } else {
        (
            "Take a snapshot of the tag table every 30 minutes for at least a day, without a restart between",
            1_800,
        )
    };
    Some(
        NextStep::new(title, why)
            .command(format!("for /l %i in (1,1,48) do @(poolmon -b -n pool_%i.txt & {})", tools.wait(wait)))
            .cost(
                "a few seconds and 100 KB each; poolmon is part of the WDK and runs when copied alone. In a batch \
                 file write %%i for %i",
            )
            .risk("none: it only reads")
            .undo("stop it with Ctrl+C"),
    )
}

/// Looks for a tag that no list knows in the driver files of the host: the quickest hint there is.
pub(super) fn find_the_tag(suspect: &Suspect) -> Option<NextStep> {
    // Two letters stand in every file.
    let text = typed(suspect).filter(|text| text.len() > 2)?;
    let unknown = note(suspect.key.tag).is_none() && suspect.owners.is_empty();
    unknown.then(|| {
        NextStep::new(
            format!("List the driver files that hold the bytes {text}, and the drivers that run"),
            "no list knows this tag, so it is a private one: its owner is among the files found, if they run",
        )
        .command(format!(
            "findstr /m /l {text} %SystemRoot%\\System32\\drivers\\*.sys > findstr_{text}.txt & driverquery /v /fo csv \
             > driverquery.csv"
        ))
        .cost("a minute")
        .risk("none: it only reads; four bytes occur by chance too, so a hit is a hint")
    })
}

pub(super) fn counters() -> NextStep {
    NextStep::new(
        "Log the size of both pools and the handles of all processes beside it, for a day or more",
        "they show whether the tags explain the growth of the pool, and which process grows in step",
    )
    .command(
        "logman create counter poolscope -f csv -si 300 -o %SystemDrive%\\poolscope -c \"\\Memory\\Pool Nonpaged \
         Bytes\" \"\\Memory\\Pool Paged Bytes\" \"\\Memory\\Available Bytes\" \"\\Memory\\Committed Bytes\" \
         \"\\Objects\\*\" \"\\Process(*)\\Handle Count\" \"\\Process(*)\\ID Process\" \"\\Process(*)\\IO Other \
         Operations/sec\" \"\\System\\System Up Time\" \"\\System\\Processes\" & logman start poolscope",
    )
    .cost("1 to 5 MB a day; it goes on after you log off")
    .risk("none: it only reads")
    .undo("logman stop poolscope & logman delete poolscope")
}

/// Handle counts: of the process under suspicion, or of all.
pub(super) fn handles(process: Option<&str>) -> NextStep {
    let Some(process) = process else {
        return NextStep::new(
            "Count the handles of every process, now and an hour later",
            "objects that grow together with one process's handles belong to that process; objects without handles \
             are held by a driver",
        )
        .command("handle.exe -accepteula -s > handles_1.txt & tasklist /v > tasks_1.txt")
        .cost("seconds; handle.exe is a free Sysinternals tool and loads its own driver")
        .risk("low")
        .undo("its driver goes with the next start of Windows");
    };
    let name = process.split(['#', ' ', '(']).next().unwrap_or(process);
    NextStep::new(
        format!("Count the handles of {name} by type, now and an hour later"),
        "the type that grows must be the type of the leaking objects; names of the handles often show what opens them",
    )
    .command(format!("handle.exe -accepteula -s -p {name} > handles_{name}_1.txt & handle.exe -a -p {name} > names_{name}_1.txt"))
    .cost("seconds to a minute; handle.exe is a free Sysinternals tool and loads its own driver")
    .risk("low")
    .undo("its driver goes with the next start of Windows")
}

pub(super) fn drivers(tools: &Tools) -> NextStep {
    let step = NextStep::new(
        "Collect the drivers of this server, so that poolscope can look for the tag in their code",
        "a driver that passes the tag to an allocator is its owner; a name in a text list is not proof",
    );
    let command = if tools.is_old() {
        "xcopy /y %SystemRoot%\\System32\\drivers\\*.sys drivers\\ & driverquery /v /fo csv > driverquery.csv"
    } else {
        // Every registered driver wherever it lies; services spell paths as `\??\C:\` and `\SystemRoot\`.
        "powershell -c \"Compress-Archive -Force -DestinationPath drivers.zip -Path (Get-CimInstance \
         Win32_SystemDriver | ForEach-Object { $_.PathName -replace '^\\\\\\?\\?\\\\','' -replace \
         '^\\\\SystemRoot',$env:SystemRoot } | Where-Object { $_ -and (Test-Path $_) } | Sort-Object -Unique)\" & \
         driverquery /v /fo csv > driverquery.csv"
    };
    step.command(command)
        .cost("50 to 200 MB")
        .risk("none: it only reads; every registered driver is taken from where it lies")
}

/// The file system filters, where the tag is one of files.
pub(super) fn filters(suspect: &Suspect) -> Option<NextStep> {
    let component = note(suspect.key.tag)?.component;
    matches!(component, "ntfs.sys" | "fltmgr.sys" | "nt (I/O manager)" | "nt (FsRtl)").then(|| {
        NextStep::new(
            "List the file system filters with their altitudes",
            "NTFS and the filter manager allocate for the filters above them: those are the first to suspect",
        )
        .command("fltmc filters > fltmc.txt & fltmc instances >> fltmc.txt")
        .cost("seconds; needs an elevated prompt")
        .risk("none: it only lists")
    })
}

/// Logs that most servers have and that are not in the evidence.
pub(super) fn missing_logs(view: &View<'_>, tools: &Tools) -> Option<NextStep> {
    let has_events = view
        .case
        .evidence
        .iter()
        .any(|input| matches!(input.kind, Some(Kind::EventLog | Kind::EventXml | Kind::EventText)));
    (!has_events && !tools.is_old()).then(|| {
        NextStep::new(
            "Export the System event log",
            "it dates starts of Windows, driver installs and updates, and event 2004 has kept the top pool tags of \
             past incidents",
        )
        .command("wevtutil epl System system.evtx")
        .cost("seconds, up to 20 MB")
        .risk("none: it only reads")
    })
}

pub(super) fn plan_the_restart(view: &View<'_>) -> NextStep {
    let pools = [poolscope_formats::Pool::Nonpaged, poolscope_formats::Pool::Paged];
    let ran_out = view.main_boot().is_some_and(|boot| {
        pools.iter().any(|pool| !empty_moments_between(view.case, *pool, boot.from, boot.to).is_empty())
    });
    NextStep::new(
        if ran_out {
            "Restart Windows when the steps above are done, and take a last snapshot first"
        } else {
            "Plan the restart before the pool runs out, and take a last snapshot first"
        },
        "a restart clears the pool and with it the evidence; it cures nothing. Shutting down and starting again may \
         not clear it (Fast Startup): restart",
    )
    .command("poolmon -b -n last.txt")
    .cost("the downtime")
    .risk("what would name the owner is gone after it")
}
