//! Every limit that input meets, with its reason. A format's own limits stand here too, never in its module.

/// Notes kept per input: more say nothing new to a reader, and a hostile file could make millions.
pub const MAX_KEPT_NOTES: usize = 200;

/// Bytes of an input that [`crate::detect`] looks at. Wide enough for the head line of a perfmon CSV with
/// thousands of columns to show its first cells, and for the banner noise before a pasted listing.
pub const DETECT_HEAD_BYTES: usize = 64 * 1024;

/// Bytes of text handled at once. Big enough that the per-block cost vanishes, small enough that one per core
/// fits any machine.
pub const TEXT_BLOCK_BYTES: usize = 4 * 1024 * 1024;

/// The longest line taken as a line. Perfmon head lines reach 250 KB at 1,105 columns; a line over this is
/// noise (a file of zeros has none at all).
pub const MAX_LINE_BYTES: usize = 8 * 1024 * 1024;

/// Distinct reasons kept of one HTTPERR log. Windows knows about 45; a log with more is damaged or hostile.
pub const MAX_HTTPERR_REASONS: usize = 256;

/// Minutes kept over all counters of one W3C log (HTTPERR or IIS): two years of one counter each minute, at
/// about 30 bytes each. Rows beyond still count in the sums.
pub const MAX_W3C_MINUTES: usize = 1_000_000;

/// Directive blocks kept of one W3C log: one a service start, so a real log has hundreds at most.
pub const MAX_W3C_STARTS: usize = 10_000;

/// Distinct statuses (with substatus) and distinct Win32 errors kept of one IIS log, each.
pub const MAX_IIS_CODES: usize = 1_024;

/// Wanted events kept of one event log: a 4 GB log of nothing but service states stays under 100 MB.
pub const MAX_KEPT_EVENTS: usize = 200_000;

/// Distinct pairs of provider and id counted in one event log. Real logs have under 3,000.
pub const MAX_EVENT_PROVIDERS: usize = 20_000;

/// Counter columns that are only named, not kept: enough for a reader to see what the log held.
pub const MAX_NAMED_COLUMNS: usize = 64;

/// Single allocations kept of one debugger listing: they show sizes and callers, and a hundred thousand show
/// them as well as ten million (a full `!poolfind` can list those).
pub const MAX_FOUND_BLOCKS: usize = 100_000;

/// Rows kept of one inventory or process listing: hosts have a few thousand drivers, processes and changes.
pub const MAX_LISTING_ROWS: usize = 500_000;

/// Bytes of one exported event. A binary event fits a chunk of 64 KiB, and XML is at most a few times that.
pub const MAX_EVENT_XML_BYTES: usize = 1024 * 1024;

/// Elements of one event; the largest real ones have a few hundred.
pub const MAX_EVENT_XML_NODES: usize = 4_000;

/// Depth of elements in one event; real ones reach 6.
pub const MAX_EVENT_XML_DEPTH: usize = 64;

/// Chunks of a binary event log read at once: 2 MB of input, some 10 MB of XML.
pub const EVTX_CHUNKS_AT_ONCE: usize = 32;

/// Bytes of one record of a performance log, its pieces together: a sample of everything on a big terminal
/// server (all threads included) is under 20 MB.
pub const MAX_BLG_RECORD_BYTES: usize = 64 * 1024 * 1024;

/// Counters in the catalogue of one performance log.
pub const MAX_BLG_ENTRIES: usize = 250_000;

/// The longest row of a W3C log. http.sys cuts URLs at 4,096 bytes and IIS at 16 KB; longer is noise.
pub const MAX_W3C_LINE_BYTES: usize = 64 * 1024;

/// Bytes of a W3C log scanned by one core at a time: big enough that a block's own cost vanishes, small
/// enough to stay in its second-level cache.
pub const W3C_BLOCK_BYTES: usize = 1024 * 1024;

/// Blocks of a W3C log in memory at once, whatever the number of cores: bounds the buffers to 36 MB.
pub const W3C_BLOCKS_AT_ONCE: usize = 32;

/// The largest buffer of an event trace, stored or decompressed. Windows allows 16 MiB.
pub const MAX_ETL_BUFFER_BYTES: usize = 64 * 1024 * 1024;

/// Buffers of one event trace. At the usual 64 KiB this is 256 GiB of trace; the index of so many takes 320 MB.
pub const MAX_ETL_BUFFERS: usize = 4 * 1024 * 1024;

/// Damaged buffer headers passed over in one event trace before the rest is given up.
pub const MAX_ETL_RESYNCS: usize = 1_000;

/// Kinds of classic and manifest events told apart in one event trace; the rest are counted together.
pub const MAX_ETL_EVENT_KINDS: usize = 16_384;

/// Frames kept of one stack. The kernel's own array holds 256.
pub const MAX_STACK_DEPTH: usize = 256;

/// Frames of all distinct stacks kept by one scanner of an event trace: 64 MB. Real traces have a few thousand
/// stacks of 20 frames.
pub const MAX_ETL_STACK_FRAMES: usize = 8 * 1024 * 1024;

/// Keys of cached stacks waiting for their definition at one time. Windows' caches hold some ten thousand.
pub const MAX_ETL_STACK_KEYS: usize = 4 * 1024 * 1024;

/// Processes and unexplained threads told apart in one event trace.
pub const MAX_ETL_OWNERS: usize = 1_000_000;

/// Stays of images, and identities of images, kept of one event trace.
pub const MAX_ETL_IMAGES: usize = 500_000;

/// Terminal sessions told apart in one event trace.
pub const MAX_ETL_SESSIONS: usize = 1_024;

/// Holes kept of one event trace for the report.
pub const MAX_ETL_GAPS: usize = 10_000;

/// Bytes that the history by allocation site may take before only the history by tag is kept.
pub const MAX_ETL_COLUMN_BYTES: usize = 64 * 1024 * 1024;

/// Buffers of one processor fetched ahead to find the definitions of stack keys up to a moment.
pub const MAX_ETL_BATCHES_AHEAD: usize = 16;

/// Bytes looked through at once for the next buffer after a damaged header of a compressed trace.
pub const ETL_RESYNC_BLOCK_BYTES: usize = 256 * 1024;

/// Rows kept of one poolmon input, at 72 bytes each: 2,600 appended snapshots of 1,500 tags. Rows beyond are
/// counted.
pub const MAX_POOLMON_ROWS: usize = 4_000_000;

/// Snapshots of one poolmon input: a month at one a minute. A hostile file of head lines could make millions.
pub const MAX_POOLMON_SNAPSHOTS: usize = 50_000;

/// A listing with fewer rows is taken as cut: the smallest Windows with pool tagging has more tags in use,
/// and a console shows 53 lines.
pub const MIN_WHOLE_LISTING_ROWS: usize = 200;

/// Bytes kept of one Mapped_Driver text; poolmon cuts it at the console's width.
pub const MAX_MAPPED_DRIVER_BYTES: usize = 512;

/// Cells of one line of a table of pool tags; real ones have up to twelve.
pub const MAX_TABLE_CELLS: usize = 64;

/// Ways of splitting glued numbers tried over one poolmon input: about 50,000 rows of the usual damage, half a
/// second of hostile ones.
pub const MAX_UNGLUE_TRIES: u32 = 2_000_000;

/// Entries kept of one pooltag.txt. The largest public one has 4,563.
pub const MAX_POOLTAG_ENTRIES: usize = 200_000;

/// Bytes kept of one field of a pooltag.txt entry; real descriptions stay under 120.
pub const MAX_POOLTAG_FIELD_BYTES: usize = 400;

/// Bytes of one XML tag with its attributes. Real ones hold a path of at most 64 KiB.
pub const MAX_XML_TAG_BYTES: usize = 256 * 1024;

/// Bytes kept of one cell of an XML inventory.
pub const MAX_CELL_BYTES: usize = 64 * 1024;

/// Names kept of one perflib dump. A server with every role has about 20,000.
pub const MAX_PERFLIB_NAMES: usize = 200_000;

/// Columns of one counter log. A log of every counter of a big server has under 100,000.
pub const MAX_COUNTER_COLUMNS: usize = 250_000;

/// Values kept of one counter log, 8 bytes each (160 MB). A log with more keeps every second sample, then every
/// fourth, and says so.
pub const MAX_COUNTER_VALUES: usize = 20_000_000;

/// Bytes of a counter log cut into lines and handed to the cores at once.
pub const COUNTER_BLOCK_BYTES: usize = 8 * 1024 * 1024;

/// Bytes of one counter path of Get-Counter, folds joined. PDH itself allows 2,048 characters.
pub const MAX_COUNTER_PATH_BYTES: usize = 8_192;

/// Samples of a counter log whose rows come in any order and are held until its end.
pub const MAX_COUNTER_SAMPLES: usize = 1_000_000;
/// Bytes of a PE image read at once. The biggest drivers (display) reach 100 MB; ntoskrnl is under 20 MB.
pub const MAX_PE_IMAGE_BYTES: u64 = 256 * 1024 * 1024;

/// Sections of a PE image. The loader itself refuses more than 96.
pub const MAX_PE_SECTIONS: usize = 96;

/// Imports of a PE image. ntoskrnl's largest client imports about 1,500; a looping table would give millions.
pub const MAX_PE_IMPORTS: usize = 16_384;

/// Exports of a PE image looked at. ntoskrnl has about 3,000.
pub const MAX_PE_EXPORTS: usize = 65_536;

/// Entries of a function table. 100 MB display drivers have under 200,000.
pub const MAX_PE_FUNCTIONS: usize = 400_000;

/// Values kept for one register or memory cell of a driver's code before it counts as "anything". Real tag
/// tables have under 60 entries.
pub const MAX_PE_VALUES: usize = 64;

/// How deep a name like "what the pointer at the argument's field points to" may nest.
pub const MAX_PE_LOAD_DEPTH: u8 = 3;

/// Entries taken from a table of tags whose length the code does not show.
pub const MAX_PE_TABLE_ENTRIES: usize = 64;

/// The highest bound of a compare (`index < 64`) that turns an unknown index into a list of numbers.
pub const MAX_PE_REFINED: u64 = 63;

/// Bytes of a structure copy that are followed.
pub const MAX_PE_STRING_COPY: u64 = 1024;

/// Instructions decoded for one function, far over any hand-written one.
pub const MAX_PE_FUNCTION_INSTRUCTIONS: usize = 60_000;

/// Bytes of one function whose instructions are found by address without a hash table.
pub const MAX_PE_NEAR_BYTES: usize = 256 * 1024;

/// Loops told apart in one function; a bit of a word each.
pub const MAX_PE_LOOPS: usize = 64;

/// States of a state machine whose variable the compiler does not bound before it switches on it.
pub const MAX_PE_STATES: usize = 16;

/// Cases of one switch.
pub const MAX_PE_SWITCH_CASES: usize = 1024;

/// Request queues told apart for one reason of an HTTPERR log. A server has one for each application pool.
pub const MAX_HTTPERR_QUEUES: usize = 64;

/// Characters kept of a line of a person's notes.
pub const MAX_NOTE_CHARS: usize = 160;

/// Bytes of one function in which switch cases are looked for.
pub const MAX_PE_CASE_BYTES: usize = 4 * 1024 * 1024;

/// Turns of a counted loop that are run one by one.
pub const MAX_PE_EXACT_TURNS: u32 = 64;

/// Turns of any other loop until its values must have settled.
pub const MAX_PE_JOINED_TURNS: u32 = 12;

/// Writes to a caller's memory kept of one function.
pub const MAX_PE_SUMMARY_STORES: usize = 64;

/// Context types a file system filter registers. The filter manager knows six.
pub const MAX_PE_FILTER_CONTEXTS: i64 = 16;

/// How deep own functions are followed into their callees.
pub const MAX_PE_CALL_DEPTH: u8 = 12;

/// Rounds of "who calls this wrapper, who writes this variable". Wrappers nest three or four deep in practice.
pub const MAX_PE_ROUNDS: usize = 24;

/// Operations run for one image. A large real driver takes a few million.
pub const MAX_PE_STEPS: u64 = 60_000_000;

/// RVAs kept of one tag. More tell a reader nothing new.
pub const MAX_PE_SITES: usize = 64;

/// Unfollowed constants listed for one image.
pub const MAX_PE_IMMEDIATES: usize = 128;

/// Bytes of a version resource looked at. Real ones are under 4 KB a language.
pub const MAX_PE_VERSION_BYTES: usize = 64 * 1024;

/// Blocks of a version resource.
pub const MAX_PE_VERSION_BLOCKS: usize = 512;

/// Characters of one text of an image (version strings, PDB path).
pub const MAX_PE_VERSION_TEXT: usize = 512;

/// Entries of the debug directory. Linkers write up to six.
pub const MAX_PE_DEBUG_ENTRIES: usize = 32;

/// Bytes of an Authenticode signature. Real ones with nested signatures and timestamps are under 64 KB.
pub const MAX_PE_SIGNATURE_BYTES: usize = 1024 * 1024;

/// Times a function is decoded again because a jump table named code that was not decoded before.
pub const MAX_PE_NESTED_SWITCHES: usize = 4;

/// Values kept of one registry export. The keys that matter have a few dozen; a whole hive has a million.
pub const MAX_REGISTRY_VALUES: usize = 2_000_000;

/// Bytes kept of one registry value's data: the registry itself allows about 1 MB.
pub const MAX_REGISTRY_DATA_BYTES: usize = 1024 * 1024;

/// Bytes kept of one line of a listing. Real lines stay under 4 KiB; what is longer is noise, and a name cut
/// out of it would be copied into many records.
pub const MAX_TEXT_ROW_BYTES: usize = 64 * 1024;

/// Characters of a process name or a command line that every record below it repeats. Windows' paths end at
/// 260 unless they are asked not to.
pub const MAX_REPEATED_CHARS: usize = 300;

/// Outputs of commands kept of one debugger text.
pub const MAX_DEBUGGER_OUTPUTS: usize = 10_000;

/// Columns of a table under a ruler; real ones have up to 15.
pub const MAX_RULER_COLUMNS: usize = 64;

/// Bytes of one row of CSV and of one value that runs over several lines.
pub const MAX_ROW_BYTES: usize = 256 * 1024;
/// Bytes of a driver index. A server's 500 drivers make under 1 MB.
pub const MAX_DRIVER_INDEX_BYTES: u64 = 64 * 1024 * 1024;

/// Calls within calls that are run with the very arguments passed, because a function was among them.
pub const MAX_PE_SEEDED_DEPTH: u8 = 6;

/// Arguments looked at for functions passed to be called.
pub const MAX_PE_SEEDED_ARGUMENTS: u8 = 8;

/// Times one call is run with the very arguments passed: in a loop they differ from turn to turn.
pub const MAX_PE_SEEDED_RUNS: u32 = 8;

/// Blocks run in one function until its counted loops are joined like any other: a table of tags is walked by a
/// few blocks, not by hundreds.
pub const MAX_PE_EXACT_RUNS: u32 = 400;
