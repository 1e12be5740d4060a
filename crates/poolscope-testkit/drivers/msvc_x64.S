// The shapes in which Microsoft's compiler writes x64 kernel code, by hand: guarded calls, import-optimised calls,
// chained unwind information, tags set long before the call, protected tags, jump tables of image offsets.
// only clang-x64
// tag MsIm passed
// tag MsTh passed
// tag MsOp passed
// tag MsGd passed
// tag MsFa passed
// tag MsNv passed
// tag MsRo passed
// tag MsDa passed
// tag MsPr wrapper
// tag MsBt wrapper
// tag MsCh passed
// tag MsLk passed
// tag MsLx passed
// tag MsS0 passed
// tag MsS1 passed
// tag MsS2 passed
// tag MsRp passed
// tag MsRq passed
// tag MsT0 passed
// tag MsT1 passed
// tag MsPg passed
// tag MsIn passed
// tag MsTl passed
// tag MsCk passed
// decoy Even
        .intel_syntax noprefix
#define ALLOCATE qword ptr [rip + __imp_ExAllocatePoolWithTag]
#define BEGIN(name) .globl name; .p2align 4; .seh_proc name; name: sub rsp, 0x38; .seh_stackalloc 0x38; .seh_endprologue
#define END add rsp, 0x38; ret; .seh_endproc; int3

        .section .rdata,"dr"
        .globl __guard_dispatch_icall_fptr
        .p2align 3
__guard_dispatch_icall_fptr: .quad guard_dispatch
__guard_check_icall_fptr: .quad guard_check
        .globl _load_config_used
_load_config_used:
        .long 0x118
        .zero 0x6c
        .quad __guard_check_icall_fptr, __guard_dispatch_icall_fptr
        .zero 0x98
constant_tag: .ascii "MsRo"
name_1: .short 'E','x','A','l','l','o','c','a','t','e','P','o','o','l','2',0
name_2: .short 'E','x','A','l','l','o','c','a','t','e','P','o','o','l','W','i','t','h','T','a','g',0
text:   .asciz "Even this is no tag"

        .data
        .p2align 3
cookie: .quad 0x2b992ddfa232
data_tag: .ascii "MsDa"
        .long 0
pointer: .quad 0
table:  .quad 0, 0
names:  .short 30, 32
        .long 0
        .quad name_1
        .short 42, 44
        .long 0
        .quad name_2
list:   .zero 256

        .text
// mov r8d, imm; call through the import slot; with the stack cookie around it.
BEGIN(by_import)
        mov rax, [rip + cookie]
        xor rax, rsp
        mov [rsp + 0x30], rax
        mov r8d, 0x6d49734d             // MsIm
        mov edx, 0x40
        mov ecx, 0x200
        call ALLOCATE
        mov rcx, [rsp + 0x30]
        xor rcx, rsp
        call check_cookie
END
        .p2align 4
check_cookie:
        cmp rcx, [rip + cookie]
        jne 1f
        ret
1:      int 0x29
// Through a thunk of the linker.
BEGIN(by_thunk)
        mov r8d, 0x6854734d             // MsTh
        mov edx, 0x40
        xor ecx, ecx
        call ExAllocatePoolWithTag
END
// An import-optimised call: a REX prefix, and a nop that the kernel replaces.
BEGIN(import_optimised)
        mov r8d, 0x704f734d             // MsOp
        lea edx, [r8 - 0x704f7300]
        mov ecx, 1
        .byte 0x48
        call ALLOCATE
        .byte 0x0f, 0x1f, 0x44, 0x00, 0x00
END
// A guarded call of a pointer kept in a variable.
        .p2align 4
guard_dispatch: jmp rax
        .p2align 4
guard_check: ret
BEGIN(guarded)
        mov rax, [rip + __imp_ExAllocatePoolWithTag]
        mov [rip + pointer], rax
        mov rax, [rip + pointer]
        test rax, rax
        je 1f
        mov r8d, 0x6447734d             // MsGd
        mov edx, 0x10
        xor ecx, ecx
        call qword ptr [rip + __guard_dispatch_icall_fptr]
1:
END
// The tag is set before branches and other calls decide whether to allocate.
BEGIN(far_away)
        mov r8d, 0x6146734d             // MsFa
        mov r9, rcx
        test rcx, rcx
        je 3f
        cmp dword ptr [rcx], 7
        jb 2f
        mov edx, [rcx + 4]
        jmp 1f
2:      mov edx, 0x20
1:      mov ecx, 0x200
        call ALLOCATE
3:
END
// In a register that calls leave alone.
        .p2align 4
        .seh_proc nonvolatile
nonvolatile:
        push rbx
        .seh_pushreg rbx
        sub rsp, 0x20
        .seh_stackalloc 0x20
        .seh_endprologue
        mov ebx, 0x764e734d             // MsNv
        lea rcx, [rip + text]
        call qword ptr [rip + __imp_DbgPrint]
        mov r8d, ebx
        mov edx, 64
        xor ecx, ecx
        call ALLOCATE
        test rax, rax
        je 1f
        mov edx, ebx
        mov rcx, rax
        call qword ptr [rip + __imp_ExFreePoolWithTag]
1:      add rsp, 0x20
        pop rbx
        ret
        .seh_endproc
// From constants in read-only and in writable data.
BEGIN(from_data)
        mov r8d, [rip + constant_tag]
        mov edx, 64
        xor ecx, ecx
        call ALLOCATE
        mov r8d, dword ptr [rip + data_tag]
        mov edx, 64
        xor ecx, ecx
        call ALLOCATE
END
// Wrappers that mark their tag as protected.
BEGIN(protected_or)
        mov r8d, ecx
        or r8d, 0x80000000
        xor ecx, ecx
        call ALLOCATE
END
BEGIN(protected_bit)
        mov r8d, ecx
        bts r8d, 31
        xor ecx, ecx
        call ALLOCATE
END
BEGIN(protected_callers)
        mov edx, 16
        mov ecx, 0x7250734d             // MsPr
        call protected_or
        mov edx, 16
        mov ecx, 0x7442734d             // MsBt
        call protected_bit
END
// A part of a function with unwind information of its own, entered by falling into it.
        .p2align 4
        .seh_proc chained
chained:
        sub rsp, 0x38
        .seh_stackalloc 0x38
        .seh_endprologue
        mov r8d, 0x6843734d             // MsCh
        test rcx, rcx
        je 1f
        .seh_startchained
        mov [rsp + 0x40], rbx
        .seh_savereg rbx, 0x40
        .seh_endprologue
        mov edx, 0x80
        mov ecx, 0x200
        call ALLOCATE
        mov rbx, [rsp + 0x40]
        .seh_endchained
1:      add rsp, 0x38
        ret
        .seh_endproc
// Lookaside lists: the tag is an argument on the stack.
        .p2align 4
        .seh_proc lookaside
lookaside:
        sub rsp, 0x48
        .seh_stackalloc 0x48
        .seh_endprologue
        and word ptr [rsp + 0x30], 0
        lea rcx, [rip + list]
        mov dword ptr [rsp + 0x28], 0x6b4c734d  // MsLk
        xor r9d, r9d
        mov qword ptr [rsp + 0x20], 0x80
        xor r8d, r8d
        xor edx, edx
        call qword ptr [rip + __imp_ExInitializeNPagedLookasideList]
        xor eax, eax
        mov word ptr [rsp + 0x38], ax
        mov dword ptr [rsp + 0x30], 0x784c734d  // MsLx
        mov qword ptr [rsp + 0x28], 0x100
        mov dword ptr [rsp + 0x20], eax
        mov r9d, 0x200
        xor r8d, r8d
        xor edx, edx
        lea rcx, [rip + list]
        call qword ptr [rip + __imp_ExInitializeLookasideListEx]
        add rsp, 0x48
        ret
        .seh_endproc
// A switch over a table of image offsets in the code section.
BEGIN(switched)
        cmp ecx, 2
        ja 9f
        movsxd rax, ecx
        lea rdx, [rip + __ImageBase]
        mov ecx, dword ptr [rdx + rax * 4 + jumps@IMGREL]
        add rcx, rdx
        jmp rcx
2:      mov r8d, 0x3053734d             // MsS0
        jmp 8f
3:      mov r8d, 0x3153734d             // MsS1
        jmp 8f
4:      mov r8d, 0x3253734d             // MsS2
8:      mov edx, 24
        mov ecx, 1
        call ALLOCATE
9:
        add rsp, 0x38
        ret
        .p2align 2
jumps:  .long 2b@IMGREL, 3b@IMGREL, 4b@IMGREL
        .seh_endproc
// The same, prepared for retpolines: the jump goes through a stub.
        .p2align 4
jump_rcx: jmp rcx
BEGIN(switched_by_stub)
        cmp ecx, 1
        ja 9f
        movsxd rax, ecx
        lea rdx, [rip + __ImageBase]
        mov ecx, dword ptr [rdx + rax * 4 + jumps_2@IMGREL]
        add rcx, rdx
        jmp jump_rcx
2:      mov r8d, 0x7052734d             // MsRp
        jmp 8f
3:      mov r8d, 0x7152734d             // MsRq
8:      mov edx, 24
        mov ecx, 1
        call ALLOCATE
9:
        add rsp, 0x38
        ret
        .p2align 2
jumps_2: .long 2b@IMGREL, 3b@IMGREL
        .seh_endproc
// A table of allocators found by name.
        .p2align 4
        .seh_proc fill_table
fill_table:
        push rbx
        .seh_pushreg rbx
        push rdi
        .seh_pushreg rdi
        sub rsp, 0x28
        .seh_stackalloc 0x28
        .seh_endprologue
        xor ebx, ebx
        lea rdi, [rip + names]
1:      mov rcx, rdi
        call qword ptr [rip + __imp_MmGetSystemRoutineAddress]
        lea rcx, [rip + table]
        mov [rcx + rbx * 8], rax
        add rdi, 16
        inc ebx
        cmp ebx, 2
        jb 1b
        add rsp, 0x28
        pop rdi
        pop rbx
        ret
        .seh_endproc
BEGIN(through_table)
        mov r8d, 0x3054734d             // MsT0
        mov edx, 24
        mov ecx, 0x40
        mov rax, [rip + table]
        call qword ptr [rip + __guard_dispatch_icall_fptr]
        mov r8d, 0x3154734d             // MsT1
        mov edx, 24
        xor ecx, ecx
        call qword ptr [rip + table + 8]
END
// A tail call, and a frame big enough to be probed.
        .p2align 4
tail:   mov r8d, 0x6c54734d             // MsTl
        mov edx, 48
        xor ecx, ecx
        jmp ALLOCATE
        .p2align 4
probe:  ret
        .p2align 4
        .seh_proc big_frame
big_frame:
        mov eax, 0x2038
        call probe
        sub rsp, rax
        .seh_stackalloc 0x2038
        .seh_endprologue
        mov dword ptr [rsp + 0x1000], 0x6b43734d // MsCk
        lea rcx, [rip + text]
        call qword ptr [rip + __imp_DbgPrint]
        mov r8d, dword ptr [rsp + 0x1000]
        mov edx, 48
        xor ecx, ecx
        call ALLOCATE
        add rsp, 0x2038
        ret
        .seh_endproc

        .section PAGE,"xr"
BEGIN(paged)
        mov r8d, 0x6750734d             // MsPg
        mov edx, 48
        mov ecx, 1
        call ALLOCATE
END
        .section INIT,"xr"
BEGIN(DriverEntry)
        mov r8d, 0x6e49734d             // MsIn
        mov edx, 48
        mov ecx, 1
        call ALLOCATE
        call by_import
        call by_thunk
        call import_optimised
        call guarded
        call far_away
        call nonvolatile
        call from_data
        call protected_callers
        call chained
        call lookaside
        call switched
        call switched_by_stub
        call fill_table
        call through_table
        call tail
        call big_frame
        call paged
END
