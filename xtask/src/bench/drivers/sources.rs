//! C sources of the drivers that the measurement looks through: several shapes of code, each a few hundred to a
//! thousand functions with a tag of its own every few dozen of them.
//!
//! A tag's first two letters are [`PREFIX`], which the folder replaces in every copy; the last two number the
//! tags of a source.

use std::fmt::Write as _;

/// The first two letters of every tag in the sources.
pub const PREFIX: [u8; 2] = *b"Zq";

/// One source.
pub struct Source {
    /// Its name.
    pub name: &'static str,
    /// The text.
    pub text: String,
    /// The last two letters of each of its tags.
    pub tags: Vec<[u8; 2]>,
}

/// Where a tag is handed over.
#[derive(Clone, Copy)]
enum By {
    /// To an allocator itself.
    Direct,
    /// To a wrapper of two levels.
    Wrapper,
    /// To a lookaside list initialiser, on the stack.
    Lookaside,
}

/// Writes one source.
struct Writer {
    out: String,
    tags: Vec<[u8; 2]>,
}

impl Writer {
    fn new() -> Self {
        let out = String::from(
            "#include \"kernel.h\"\nGLOBALS\n\
             static NOINLINE PVOID one(SIZE_T n, ULONG tag) { PVOID p = ExAllocatePoolWithTag(0, n, tag); KEEP(p); return p; }\n\
             static NOINLINE PVOID two(ULONG tag, SIZE_T n) { return n > 9 ? one(n + 8, tag) : 0; }\n\
             struct item { struct item *next, *before; ULONG kind, state; SIZE_T bytes; UCHAR *data; ULONG words[24]; };\n",
        );
        Self { out, tags: Vec::new() }
    }

    /// A statement that allocates with the next tag.
    fn allocate(&mut self, by: By, bytes: &str) -> String {
        let at = self.tags.len();
        let digit = |at: usize| b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[at % 62];
        let suffix = [digit(at / 62), digit(at)];
        self.tags.push(suffix);
        let [a, b] = PREFIX.map(char::from);
        let [c, d] = suffix.map(char::from);
        let tag = format!("TAG('{a}','{b}','{c}','{d}')");
        match by {
            By::Direct => format!("KEEP(ExAllocatePoolWithTag(1, {bytes}, {tag}));"),
            By::Wrapper => format!("KEEP(two({tag}, {bytes}));"),
            By::Lookaside => {
                format!("ExInitializeNPagedLookasideList((PVOID)&g_sink[4], 0, 0, 0, {bytes}, {tag}, 0);")
            }
        }
    }

    /// Ends the source: the entry calls the functions `f0` to `f<count - 1>` of two arguments.
    fn finish(mut self, name: &'static str, count: usize) -> Source {
        self.out.push_str(
            "NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {\n  SIZE_T s = g_n;\n",
        );
        for at in 0..count {
            let _ = writeln!(self.out, "  s += f{at}(s, {at});");
        }
        self.out.push_str("  return (NTSTATUS)s;\n}\n");
        Source { name, text: self.out, tags: self.tags }
    }
}

/// Every source; the last one allocates nothing.
pub fn all() -> Vec<Source> {
    vec![plain(1_000, "plain"), parsers(), dispatchers(), lists(), mixers(), without_allocator()]
}

/// Arithmetic, a counted loop, a switch and a call in each function.
fn plain(count: usize, name: &'static str) -> Source {
    let mut writer = Writer::new();
    for at in 0..count {
        let (a, b, c) = (at * 7 + 3, at * 13 + 5, at % 11);
        let allocate = if at % 30 == 0 { writer.allocate(By::Wrapper, "s") } else { String::new() };
        let callee = if at > 2 { format!("f{}(s, x)", at / 2) } else { "s".to_owned() };
        let _ = writeln!(
            writer.out,
            "NOINLINE SIZE_T f{at}(SIZE_T x, SIZE_T y) {{\n  SIZE_T i, s = {a};\n  \
             for (i = 0; i < (x & 31); i++) s += (y ^ i) * {b};\n  \
             switch (x % 7) {{ case 0: s ^= y; break; case 1: s += 3 * x; break; case 2: s -= {c}; break; case 3: s <<= 2; break; default: s = ~s; }}\n  \
             if (s & 64) DbgPrint(\"%p {at}\\n\", (PVOID)s);\n  {allocate}\n  return s + {callee};\n}}"
        );
    }
    writer.finish(name, count)
}

/// Loops over bytes with a state machine inside, as protocol parsers have them.
fn parsers() -> Source {
    let mut writer = Writer::new();
    let count = 420;
    for at in 0..count {
        let (a, b, states) = (at % 97 + 1, at % 31 + 2, at % 5 + 4);
        let mut cases = String::new();
        for state in 0..states {
            let byte = (at * 17 + state * 29) % 251;
            let _ = write!(
                cases,
                "case {state}: if (c == {byte}) state = {}; else if (c > {b} && left > {a}) {{ sum += c << {}; p += 1; left--; }} else state = 0; break; ",
                (state + 1) % states,
                state % 8
            );
        }
        let allocate = if at % 12 == 5 { writer.allocate(By::Direct, "sum + 16") } else { String::new() };
        let _ = writeln!(
            writer.out,
            "NOINLINE SIZE_T f{at}(SIZE_T x, SIZE_T y) {{\n  const UCHAR *p = (const UCHAR *)x; SIZE_T left = y, sum = {a}; int state = 0;\n  \
             while (left > {b}) {{ UCHAR c = *p++; left--;\n    switch (state) {{ {cases}default: return sum; }}\n    \
             if (sum > 0x{a:x}0000) {{ {allocate} sum = 0; }}\n    if (c == {a} && left > 4) {{ ULONG n = *(const ULONG *)p; p += n & 3; left -= n & 3; }} }}\n  \
             return sum ^ (SIZE_T)p;\n}}"
        );
    }
    writer.finish("parsers", count)
}

/// Big functions: a request is checked field by field, dispatched, and cleaned up behind a goto.
fn dispatchers() -> Source {
    let mut writer = Writer::new();
    let count = 110;
    for at in 0..count {
        let mut body = String::new();
        for case in 0..12 {
            let (field, bound) = ((at + case * 5) % 24, (at * 3 + case * 11) % 200 + 2);
            let allocate =
                if case == at % 12 { writer.allocate(By::Direct, "it->bytes") } else { String::new() };
            let _ = writeln!(
                body,
                "  case 0x22{:04x}: if (it->bytes < {bound} || !it->data) {{ status = -{case}; goto out; }}\n    \
                 it->words[{field}] = it->state * {bound}; it->kind |= 1u << {};\n    \
                 if (it->words[{}] > {bound}) {{ {allocate} status = it->words[{field}] & 0xff; }} else DbgPrint(\"{at}.{case} %d\", it->state);\n    break;",
                at * 64 + case * 4,
                case % 31,
                (field + 7) % 24
            );
        }
        let _ = writeln!(
            writer.out,
            "NOINLINE SIZE_T f{at}(SIZE_T x, SIZE_T y) {{\n  struct item *it = (struct item *)x; SIZE_T status = 0;\n  \
             if (!it || it->state == {at}) return y;\n  switch (it->kind) {{\n{body}  default: status = {at}; }}\nout:\n  \
             it->state = (ULONG)status; if (status) it->bytes = 0;\n  return status;\n}}"
        );
    }
    writer.finish("dispatchers", count)
}

/// Many small functions over linked items, lookaside lists among them.
fn lists() -> Source {
    let mut writer = Writer::new();
    let count = 1_200;
    for at in 0..count {
        let (word, step) = (at % 24, at % 13 + 1);
        let body = match at % 4 {
            0 => format!(
                "for (; it && n--; it = it->next) if (it->words[{word}] == {at}) break; return (SIZE_T)it;"
            ),
            1 => format!(
                "if (!it) return {at}; it->next->before = it->before; it->before->next = it->next; it->words[{word}] += {step}; return it->bytes;"
            ),
            2 => format!(
                "SIZE_T i, s = 0; for (i = 0; i < it->bytes; i += {step}) s += it->data[i]; it->words[{word}] = (ULONG)s; return s;"
            ),
            _ => format!("return it->kind == {step} ? f{}((SIZE_T)it->next, n) : it->words[{word}];", at - 1),
        };
        let by = if at % 80 == 1 { By::Lookaside } else { By::Wrapper };
        let allocate = if at % 40 == 1 { writer.allocate(by, "n + 32") } else { String::new() };
        let _ = writeln!(
            writer.out,
            "NOINLINE SIZE_T f{at}(SIZE_T x, SIZE_T y) {{ struct item *it = (struct item *)x; SIZE_T n = y; {allocate} {body} }}"
        );
    }
    writer.finish("lists", count)
}

/// Long straight code without branches, as ciphers and checksums have it, with a nested loop around it.
fn mixers() -> Source {
    let mut writer = Writer::new();
    let count = 90;
    for at in 0..count {
        let mut rounds = String::new();
        for round in 0..24 {
            let (i, j, by) = ((at + round) % 24, (at * 5 + round * 7) % 24, (at + round * 3) % 29 + 1);
            let _ = writeln!(
                rounds,
                "      a += w[{i}] ^ (b << {by}); b ^= (a >> {}) + 0x{:x}; w[{j}] = a * {};",
                by % 13 + 1,
                at * 7919 + round * 104_729,
                by * 2 + 1
            );
        }
        let allocate = if at % 3 == 0 { writer.allocate(By::Direct, "a & 0xfff") } else { String::new() };
        let _ = writeln!(
            writer.out,
            "NOINLINE SIZE_T f{at}(SIZE_T x, SIZE_T y) {{\n  ULONG *w = ((struct item *)x)->words; ULONG a = (ULONG)y, b = {at}; SIZE_T i, k;\n  \
             for (i = 0; i < y; i++)\n    for (k = 0; k < 4; k++) {{\n{rounds}    }}\n  {allocate}\n  return a ^ b;\n}}"
        );
    }
    writer.finish("mixers", count)
}

/// The plain source with nothing that takes a tag: such drivers make up most of a real folder.
fn without_allocator() -> Source {
    let mut source = plain(900, "silent");
    let from = source.text.find("static NOINLINE PVOID one").unwrap_or(0);
    let to = source.text.find("struct item").unwrap_or(from);
    source.text.replace_range(from..to, "");
    source.text =
        source.text.lines().filter(|line| !line.contains("KEEP(two(")).collect::<Vec<_>>().join("\n");
    source.tags.clear();
    source
}
