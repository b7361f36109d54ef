# SPDX-License-Identifier: MIT
# Debian packages, one for each component that is installed: ./run package, or cpack in the build directory. Who gives
# them to others says who he is: cpack -D CPACK_PACKAGE_CONTACT="Name <address>".
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_CONTACT "the tripool authors <tripool@localhost>")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL library development tools)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

add_custom_command(OUTPUT changelog.gz COMMAND gzip -9n < ${CMAKE_SOURCE_DIR}/CHANGELOG.md > changelog.gz
  DEPENDS CHANGELOG.md VERBATIM)
add_custom_target(tripool-changelog ALL DEPENDS changelog.gz)

# tripool_package(component name section summary text)
function(tripool_package component name section summary text)
  string(TOUPPER ${component} key)
  set(CPACK_DEBIAN_${key}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(CPACK_DEBIAN_${key}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_DEBIAN_${key}_DESCRIPTION "${summary}\n${text}" PARENT_SCOPE)
  install(FILES LICENSE RENAME copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name}
    COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(FILES ${CMAKE_BINARY_DIR}/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name}
    COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()

set(what "tripool brings raw video frames from one process to any number of viewers
on the same machine: the producer writes each picture into shared memory, and
every viewer uses it right there.")

tripool_package(library libtripool0 libs "raw video frames between processes, without a copy"
  "${what}\n.\nThis package has the libraries: libtripool, and libtripool-av, which shows its
frames as FFmpeg's.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SHLIBDEPS ON)
install(FILES SECURITY.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libtripool0 COMPONENT library EXCLUDE_FROM_ALL)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")

tripool_package(development libtripool-dev libdevel "raw video frames between processes (development)"
  "${what}\n.\nThis package has the headers, the manual pages, and what pkg-config and CMake
need to find the libraries.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libtripool0 (= ${PROJECT_VERSION}), libavutil-dev")

# The programs have the library in them. The viewer's letters are those of a font that no library asks for.
tripool_package(tools tripool-tools video "programs that publish, show and record raw video frames"
  "${what}\n.\nThis package has tripool-capture (cameras and test patterns), tripool-view (a
window), tripool-record (files and network streams, by FFmpeg) and
tripool-stat (who views what).")
set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS fonts-dejavu-core)

include(CPack)
