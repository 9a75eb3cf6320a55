// The whole software of the emulated machine beside the kernels: a boot sector that loads the rest of the disk, turns on
// 64-bit mode and every vector extension there is, and calls main; and the few functions of C's library that are needed.
// Knows nothing of kernels. No exception is handled: a fault ends the emulation before main's last line is printed.

  .intel_syntax noprefix

  .section .boot, "ax"
  .code16
  .globl start
start:
  cli
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov sp, 0x7c00
load:  // 64 sectors (0x800 paragraphs) at a time, from behind the boot sector to behind it
  mov ah, 0x42
  mov si, offset packet
  int 0x13
  jc stop
  add word ptr [packet + 6], 0x800
  add dword ptr [packet + 8], 64
  cmp dword ptr [packet + 8], offset image_sectors
  jb load

  in al, 0x92  // all of memory, not every other MiB
  or al, 2
  out 0x92, al
  mov eax, 0x40620  // CR4: physical address extension, SSE and its exceptions, XSAVE
  mov cr4, eax
  mov eax, offset page_table
  mov cr3, eax
  mov ecx, 0xc0000080  // EFER: long mode
  rdmsr
  or eax, 0x100
  wrmsr
  lgdt [segments_pointer]
  mov eax, cr0
  and eax, ~0xc  // no emulation of floating point
  or eax, 0x80000003  // paging, protection
  mov cr0, eax
  ljmp 8, offset in_64_bits
stop:
  hlt
  jmp stop

  .balign 4
packet:  // size, sectors, offset, segment, first sector
  .word 16, 64, 0x7e00, 0
  .quad 1
  .balign 8
segments:
  .quad 0, 0x00209a0000000000  // 64-bit code
segments_pointer:
  .word . - segments - 1
  .long segments
  .org 510
  .word 0xaa55

  .code64
in_64_bits:
  mov eax, 0xd  // XCR0: every state that the processor has of x87, SSE, AVX and AVX-512
  xor ecx, ecx
  cpuid
  and eax, 0xe7
  xor edx, edx
  xor ecx, ecx
  xsetbv
  mov rsp, offset stack_end
  call main
  mov esi, offset shutdown  // what makes the emulator end
  mov ecx, 8
  mov edx, 0x8900
  rep outsb
halt:
  hlt
  jmp halt
shutdown:
  .ascii "Shutdown"

  .text
  .globl putchar, memcpy, memset, fmaf, sqrtf
putchar:  // to the port whose bytes the emulator prints
  mov eax, edi
  out 0xe9, al
  ret
memcpy:
  mov rax, rdi
  mov rcx, rdx
  rep movsb
  ret
memset:
  mov r8, rdi
  mov eax, esi
  mov rcx, rdx
  rep stosb
  mov rax, r8
  ret
fmaf:  // correctly rounded, as the C library's
  vfmadd213ss xmm0, xmm1, xmm2
  ret
sqrtf:
  sqrtss xmm0, xmm0
  ret

  .data
  .balign 4096
page_table:  // one page of a GiB where it is
  .quad page_directory + 3
  .zero 4088
page_directory:
  .quad 0x83
  .zero 4088

  .bss
  .balign 64
  .zero 1 << 18
stack_end:
