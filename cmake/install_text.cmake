# redoubt_install_text(DESTINATION FILE...): installs texts that name where Redoubt is, with the names that it gets: they are written for /usr, and only
# when something is installed the prefix is known (cmake --install --prefix).
function(redoubt_install_text destination)
  foreach(file IN LISTS ARGN)
    get_filename_component(name ${file} NAME)
    set(made ${CMAKE_CURRENT_BINARY_DIR}/installed/${name})
    install(CODE "
      file(READ \"${file}\" text)
      foreach(place \"bin/redoubt;${CMAKE_INSTALL_BINDIR}/redoubt\" \"libexec/redoubt/;${CMAKE_INSTALL_LIBEXECDIR}/redoubt/\" \"share/redoubt/engines;${CMAKE_INSTALL_DATADIR}/redoubt/engines\")
        list(GET place 0 written)
        list(GET place 1 installed)
        cmake_path(ABSOLUTE_PATH installed BASE_DIRECTORY \"\${CMAKE_INSTALL_PREFIX}\")
        string(REPLACE \"/usr/\${written}\" \"\${installed}\" text \"\${text}\")
      endforeach()
      file(WRITE \"${made}\" \"\${text}\")")
    install(FILES ${made} DESTINATION ${destination})
  endforeach()
endfunction()
