# Writes OUTPUT, a header with the version and the commit id, when its content would change. Run by the build, not by configure.
if(NOT COMMIT)
  execute_process(COMMAND git -C ${SOURCE} rev-parse HEAD
    OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
set(content "#define REDOUBT_VERSION \"${VERSION}\"\n#define REDOUBT_COMMIT \"${COMMIT}\"\n")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} present)
endif()
if(NOT "${present}" STREQUAL "${content}")
  file(WRITE ${OUTPUT} "${content}")
endif()
