/* The bytes of redoubt-init inside redoubt (image.h). */
    .section .rodata
    .balign 16
    .globl redoubt_init_image
    .globl redoubt_init_image_end
redoubt_init_image:
    .incbin REDOUBT_INIT_IMAGE
redoubt_init_image_end:
    .section .note.GNU-stack,"",%progbits
