// The guest image: what a machine boots, checked against what was made and what the node named.
//
// image.json has the digests of kernel and initial file system; vm.imageDigest of the node's policy is
// that of image.json. Hashing 60 MB takes nearly half a second, so what was found is kept, as the
// identity of the file (device, inode, size, times) under its digest, in a directory that only root
// writes to: the time of change (st_ctime) cannot be set, so a file that was written to has another
// identity. Younger than two seconds it may still change within one tick of that clock, and is not kept.
#ifndef REDOUBT_ESCALATE_VM_HOST_IMAGE_H_
#define REDOUBT_ESCALATE_VM_HOST_IMAGE_H_

#include <string>

#include "base/result.h"

namespace redoubt::vm {

// The identities of the two files, "" for what was not looked at. redoubt-vm finds the same ones in its
// mounts, or the image was replaced meanwhile.
struct ImageIdentity {
  std::string kernel, initrd;
};

// Device, inode, size, times of modification and change.
Result<std::string> identity_of_file(int fd, const std::string& path);

// An error: what `directory` has is not the image that it should be; names the field and the remedy.
// `digest`: of image.json, "sha256:..."; "": whatever it is. `cache`: the directory of what is known, made
// (0700) when missing; "": none. Trouble with it is never an error.
Result<ImageIdentity> verify_image(const std::string& directory,
                                   const std::string& digest,
                                   const std::string& cache);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_HOST_IMAGE_H_
