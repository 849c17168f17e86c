# Flags of every target of ours: all warnings are errors, hardening on, dead sections dropped.
add_library(redoubt_flags INTERFACE)
target_compile_options(redoubt_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Werror -fno-rtti -ffunction-sections -fdata-sections -fvisibility=hidden -fPIE)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees out-of-bounds copies in inlined std::string code that is right (GCC bugs 105329, 105651).
  target_compile_options(redoubt_flags INTERFACE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
  # ... and, when it optimises, an unset value behind a std::optional that was asked first.
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(redoubt_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
target_include_directories(redoubt_flags INTERFACE ${PROJECT_SOURCE_DIR}/lib ${PROJECT_SOURCE_DIR})
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  # For speed, a quarter fewer instructions a start than with -Os: the text that grows with it is not mapped (hot_functions.ld).
  target_compile_options(redoubt_flags INTERFACE -O2 -fstack-protector-strong -fcf-protection=full -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(REDOUBT_SANITIZE)
  # A quarter of the build, for accesses that AddressSanitizer stops itself, and for alignment that our processors do not ask for.
  set(memory -fno-sanitize=null,alignment,object-size)
  target_compile_options(redoubt_flags INTERFACE -fsanitize=address -fno-omit-frame-pointer
    "$<$<NOT:$<BOOL:$<TARGET_PROPERTY:REDOUBT_WITHOUT_UBSAN>>>:-fsanitize=undefined;-fno-sanitize-recover=undefined;${memory}>")
  target_link_options(redoubt_flags INTERFACE -fsanitize=address,undefined)
endif()
if(REDOUBT_FUZZ)
  target_compile_options(redoubt_flags INTERFACE -fsanitize=fuzzer-no-link -fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/cmake/ubsan-ignore.txt)
endif()
add_compile_definitions(_GNU_SOURCE)

# libstdc++ inside of the programs of the current folder. Spelled out, because g++ adds libm, which only dropped sections of libstdc++ refer to.
macro(redoubt_link_runtime_statically)
  if(NOT REDOUBT_SANITIZE)
    add_link_options(-nodefaultlibs)
    set(CMAKE_CXX_STANDARD_LIBRARIES "-l:libstdc++.a -Wl,--start-group -l:libgcc.a -l:libgcc_eh.a -lc -Wl,--end-group")
  endif()
endmacro()
