//! The texts beside the incident's data: its README and a pooltag.txt in our own words.

use super::clock::iso;
use super::story::Truth;

/// What a visitor reads first. The truth's numbers stay out of it: they are what `diagnose` has to find.
pub fn readme(truth: &Truth) -> String {
    format!(
        "# even-503: a synthetic incident\n\
\n\
Nobody's server: every file here is made by `cargo xtask example` (crate poolscope-testkit, module `incident`),\n\
bit for bit the same on every machine. It is modelled on how such incidents look from outside.\n\
\n\
A 32-bit Windows Server 2003 web server (WEB04, 4 GB of memory, clock on UTC) answered 503 on a Monday morning. An\n\
administrator collected data from 06:00 on and restarted it at 11:38. It ran for two days and failed again; the\n\
last sample is of {}.\n\
\n\
| file | what it is |\n\
|---|---|\n\
| poolmon/*.log | `poolmon -n` every half hour by a scheduled task, time in the file's name |\n\
| perfmon_00000*.csv | performance counters every ten minutes, one log a boot |\n\
| httperr1.log | what http.sys logged |\n\
| events.xml | the System event log, exported with `wevtutil qe System.evt /lf:true /f:xml` |\n\
| pooltag.txt | a few tags in our own words, in the layout of the file that comes with the debugger |\n\
\n\
    poolscope diagnose examples/even-503\n\
\n\
Simplified against a real server of that time: the driver install is shown by event 7045, which Windows Server 2003\n\
does not write yet (it would stand in setupapi.log), and about 300 tags are shown where a real server has more.\n",
        iso(super::story::END)
    ) + &decoys(truth)
}

fn decoys(truth: &Truth) -> String {
    format!(
        "\nOne tag leaks. Around it stand big blocks that never change, a cache that fills and stays, tags that follow\n\
the working day, churn, a driver whose memory came with its install, and handle tables that grow because the\n\
handles of {} do. What must be found is in `incident::truth()`, and a test holds `diagnose` to it.\n",
        truth.process
    )
}

/// A user's pooltag.txt: tag, binary, text. Only facts, none of the wording of the original.
pub const POOLTAG: &str = "\
rem Tags of this server, by hand. Layout: tag - binary - what it is for
rem
AfdB - afd.sys - data waiting in sockets
AfdC - afd.sys - connections
AfdE - afd.sys - endpoints
CM35 - nt!cm - pages of registry hives
CMVI - nt!cm - index of registry values
CvFl - cvfilter.sys - Contoso volume filter, change map
Ddk  - <unknown> - drivers that did not choose a tag
Devi - nt!io - device objects
Driv - nt!io - driver objects
Even - <unknown> - event objects
File - nt!io - file objects
FMfn - fltmgr.sys - names of files, kept for filters
Io   - nt!io - small blocks of the I/O manager
IoNm - nt!io - names of opened files
Irp  - nt!io - I/O requests
Key  - nt!cm - registry key objects
LSwn - srv.sys - work items of the file server
Mdl  - nt!io - page lists of I/O
MmCa - nt!mm - control areas of mapped files
MmCm - nt!mm - physically contiguous memory for devices
MmDT - nt!mm - tables made at boot
MmSt - nt!mm - page table templates of mapped files
Muta - <unknown> - mutex objects
NDpp - ndis.sys - packet pools
Ntf? - ntfs.sys - file system structures
Obtb - nt!ob - handle tables
Pool - nt!ex - the pool's own tables
Proc - nt!ps - process objects
SeTd - nt!se - token data
Sema - <unknown> - semaphore objects
Strg - <unknown> - strings
TCP? - tcpip.sys - connections and their buffers
Thre - nt!ps - thread objects
Toke - nt!se - access tokens
Ttfd - win32k.sys - fonts
Ul?? - http.sys - requests, connections and responses
Vad  - nt!mm - address ranges of processes
VadS - nt!mm - address ranges of processes, short form
Wmi? - nt!wmi - instrumentation
";
