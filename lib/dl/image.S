/* The bytes of redoubt-dl inside redoubt (dl_process.cc). */
    .section .rodata
    .balign 16
    .globl redoubt_dl_image
    .globl redoubt_dl_image_end
redoubt_dl_image:
    .incbin REDOUBT_DL_IMAGE
redoubt_dl_image_end:
    .section .note.GNU-stack,"",%progbits
