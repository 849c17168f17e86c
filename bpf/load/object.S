/* The programs of programs/ inside redoubt (object.h). */
    .section .rodata
    .balign 16
    .globl redoubt_bpf_object
    .globl redoubt_bpf_object_end
redoubt_bpf_object:
    .incbin REDOUBT_BPF_OBJECT
redoubt_bpf_object_end:

/* That of programs/landlock.bpf.c. */
    .section .rodata
    .balign 16
    .globl redoubt_reports_object
    .globl redoubt_reports_object_end
redoubt_reports_object:
    .incbin REDOUBT_REPORTS_OBJECT
redoubt_reports_object_end:

/* Those of record/. */
    .section .rodata
    .balign 16
    .globl redoubt_record_object
    .globl redoubt_record_object_end
redoubt_record_object:
    .incbin REDOUBT_RECORD_OBJECT
redoubt_record_object_end:
    .section .note.GNU-stack,"",%progbits
