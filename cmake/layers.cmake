# The dependency table of ARCHITECTURE.md as a check: a source may include only headers of the folders that its own folder may use.
# A source below two rows (lib/init/child is below lib/init) has to keep both.
set(REDOUBT_LAYERS
  "lib/base:base"
  "lib/oci:base,oci"
  "lib/plan:base,plan"
  "lib/sandbox:base,plan,sandbox"
  "lib/init:base,plan,sandbox,init"
  "lib/init/child:init"
  "policy:base,oci,plan,policy"
  "lib/dl:base,plan,sandbox,bpf"
  "bpf:base,plan,sandbox,bpf"
  "escalate-vm/protocol:base,oci,escalate-vm/protocol"
  "escalate-vm/host:base,oci,plan,sandbox,escalate-vm/protocol,escalate-vm/host"
  "escalate-vm/monitor:base,plan,sandbox,init/protocol.h,escalate-vm/protocol,escalate-vm/host,escalate-vm/monitor"
  "escalate-vm/guest:base,oci,sandbox,escalate-vm/protocol,escalate-vm/guest"
  "runc-compat/state:base,oci,sandbox,runc-compat/state"
  "runc-compat/launch:base,oci,plan,sandbox,init,policy,bpf,escalate-vm,runc-compat/state,runc-compat/launch"
  "runc-compat:base,oci,plan,sandbox,init,policy,bpf,escalate-vm,runc-compat")

function(redoubt_check_layers)
  foreach(layer IN LISTS REDOUBT_LAYERS)
    string(REPLACE ":" ";" parts "${layer}")
    list(GET parts 0 folder)
    list(GET parts 1 allowed)
    string(REPLACE "," "|" pattern "${allowed}")
    file(GLOB_RECURSE sources ${PROJECT_SOURCE_DIR}/${folder}/*.h ${PROJECT_SOURCE_DIR}/${folder}/*.cc)
    list(FILTER sources EXCLUDE REGEX "/bpf/(record/)?programs/")  # for the kernel: they include only each other
    foreach(source IN LISTS sources)
      file(STRINGS ${source} lines REGEX "^#include \"")
      foreach(line IN LISTS lines)
        if(NOT line MATCHES "^#include \"(${pattern})[/\"]")
          message(FATAL_ERROR "layers: ${source} may not use this: ${line}; ${folder} may use: ${allowed}")
        endif()
      endforeach()
    endforeach()
  endforeach()
endfunction()
redoubt_check_layers()

# The headers that nearly every source reads, compiled once: the release build takes half the time.
file(WRITE ${PROJECT_BINARY_DIR}/pch.cc "")
add_library(redoubt_pch STATIC ${PROJECT_BINARY_DIR}/pch.cc)
target_link_libraries(redoubt_pch PRIVATE redoubt_flags)
target_precompile_headers(redoubt_pch PRIVATE
  <algorithm> <cstdint> <functional> <map> <memory> <optional> <span> <string> <string_view> <variant> <vector>
  ${PROJECT_SOURCE_DIR}/lib/base/result.h ${PROJECT_SOURCE_DIR}/lib/base/str.h ${PROJECT_SOURCE_DIR}/lib/base/unique_fd.h)

# redoubt_library(name DEPS...): a static library of all .cc files in the current folder (not of its subfolders).
function(redoubt_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC redoubt_flags ${ARGN})
    target_precompile_headers(${name} REUSE_FROM redoubt_pch)
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE redoubt_flags ${ARGN})
  endif()
endfunction()
