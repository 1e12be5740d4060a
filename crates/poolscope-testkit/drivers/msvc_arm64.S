// The shapes in which Microsoft's compiler writes ARM64 kernel code, by hand.
// only clang-arm64
// tag AmIm passed
// tag AmTh passed
// tag AmLt passed
// tag AmFa passed
// tag AmNv passed
// tag AmGd passed
// tag AmPr wrapper
// tag AmTl passed
// tag AmPg passed
// tag AmRo passed
// decoy Even
#define TAG(reg, low, high) movz reg, low; movk reg, high, lsl 16
#define BEGIN(name) .globl name; .p2align 2; .seh_proc name; name: stp x29, x30, [sp, -32]!; .seh_save_fplr_x 32; .seh_endprologue
#define END .seh_startepilogue; ldp x29, x30, [sp], 32; .seh_save_fplr_x 32; .seh_endepilogue; ret; .seh_endproc
#define CALL(import) adrp x8, import; ldr x8, [x8, :lo12:import]; blr x8

        .section .rdata,"dr"
        .p2align 3
guard_slot: .quad guard_dispatch
check_slot: .quad guard_check
        .globl _load_config_used
_load_config_used:
        .long 0x118
        .zero 0x6c
        .quad check_slot, guard_slot
        .zero 0x98
constant_tag: .ascii "AmRo"
text:   .asciz "Even this is no tag"
        .data
        .p2align 3
pointer: .quad 0

        .text
BEGIN(by_import)
        TAG(w2, 0x6d41, 0x6d49)         // AmIm
        mov x1, 64
        mov w0, 0x200
        CALL(__imp_ExAllocatePoolWithTag)
END
BEGIN(by_thunk)
        TAG(w2, 0x6d41, 0x6854)         // AmTh
        mov x1, 64
        mov w0, 0
        bl ExAllocatePoolWithTag
END
// A literal behind the function.
BEGIN(by_literal)
        ldr w2, literal
        mov x1, 64
        mov w0, 1
        CALL(__imp_ExAllocatePoolWithTag)
END
literal: .ascii "AmLt"
BEGIN(far_away)
        TAG(w2, 0x6d41, 0x6146)         // AmFa
        cbz x0, 3f
        ldr w8, [x0]
        cmp w8, 7
        b.lo 2f
        ldr w1, [x0, 4]
        b 1f
2:      mov w1, 32
1:      mov w0, 0x200
        CALL(__imp_ExAllocatePoolWithTag)
3:
END
        .p2align 2
        .seh_proc nonvolatile
nonvolatile:
        stp x19, x30, [sp, -16]!
        .seh_save_lrpair x19, 16
        .seh_endprologue
        TAG(w19, 0x6d41, 0x764e)        // AmNv
        adrp x0, text
        add x0, x0, :lo12:text
        CALL(__imp_DbgPrint)
        mov w2, w19
        mov x1, 64
        mov w0, 1
        CALL(__imp_ExAllocatePoolWithTag)
        .seh_startepilogue
        ldp x19, x30, [sp], 16
        .seh_save_lrpair x19, 16
        .seh_endepilogue
        ret
        .seh_endproc
// Guarded calls: the target is checked, then called; or a dispatcher calls it.
        .p2align 2
guard_check: ret
        .p2align 2
guard_dispatch: br x9
BEGIN(guarded)
        adrp x8, __imp_ExAllocatePoolWithTag
        ldr x8, [x8, :lo12:__imp_ExAllocatePoolWithTag]
        adrp x10, pointer
        str x8, [x10, :lo12:pointer]
        ldr x15, [x10, :lo12:pointer]
        adrp x16, check_slot
        ldr x16, [x16, :lo12:check_slot]
        blr x16
        TAG(w2, 0x6d41, 0x6447)         // AmGd
        mov x1, 64
        mov w0, 1
        blr x15
        adrp x10, pointer
        ldr x9, [x10, :lo12:pointer]
        adrp x16, guard_slot
        ldr x16, [x16, :lo12:guard_slot]
        adrp x2, constant_tag
        ldr w2, [x2, :lo12:constant_tag] // AmRo
        mov x1, 64
        mov w0, 1
        blr x16
END
BEGIN(protected)
        orr w2, w0, 0x80000000
        mov w0, 0
        CALL(__imp_ExAllocatePoolWithTag)
END
BEGIN(protected_caller)
        mov x1, 64
        TAG(w0, 0x6d41, 0x7250)         // AmPr
        bl protected
END
        .p2align 2
tail:   TAG(w2, 0x6d41, 0x6c54)         // AmTl
        mov x1, 64
        mov w0, 1
        adrp x16, __imp_ExAllocatePoolWithTag
        ldr x16, [x16, :lo12:__imp_ExAllocatePoolWithTag]
        br x16

        .section PAGE,"xr"
BEGIN(paged)
        TAG(w2, 0x6d41, 0x6750)         // AmPg
        mov x1, 64
        mov w0, 1
        CALL(__imp_ExAllocatePoolWithTag)
END
        .section INIT,"xr"
BEGIN(DriverEntry)
        bl by_import
        bl by_thunk
        bl by_literal
        bl far_away
        bl nonvolatile
        bl guarded
        bl protected_caller
        bl tail
        bl paged
END
