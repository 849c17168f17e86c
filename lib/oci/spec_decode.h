// The decoders of every structure of config.json. They are declared together because the templates
// of reader.h find them by their arguments, which does not reach into unnamed namespaces.
#ifndef REDOUBT_OCI_SPEC_DECODE_H_
#define REDOUBT_OCI_SPEC_DECODE_H_

#include "oci/reader.h"
#include "oci/spec.h"

namespace redoubt::oci {

void decode(const Cursor& at, IdMapping& out);
void decode(const Cursor& at, Root& out);
void decode(const Cursor& at, Mount& out);
void decode(const Cursor& at, Hook& out);
void decode(const Cursor& at, Hooks& out);
void decode(const Cursor& at, Spec& out);
void decode(const Cursor& at, ConsoleSize& out);
void decode(const Cursor& at, User& out);
void decode(const Cursor& at, Capabilities& out);
void decode(const Cursor& at, Rlimit& out);
void decode(const Cursor& at, Scheduler& out);
void decode(const Cursor& at, IoPriority& out);
void decode(const Cursor& at, ExecCpuAffinity& out);
void decode(const Cursor& at, Process& out);
void decode(const Cursor& at, Namespace& out);
void decode(const Cursor& at, Device& out);
void decode(const Cursor& at, IntelRdt& out);
void decode(const Cursor& at, Personality& out);
void decode(const Cursor& at, TimeOffset& out);
void decode(const Cursor& at, MemoryPolicy& out);
void decode(const Cursor& at, Linux& out);
void decode(const Cursor& at, DeviceCgroup& out);
void decode(const Cursor& at, Memory& out);
void decode(const Cursor& at, Cpu& out);
void decode(const Cursor& at, WeightDevice& out);
void decode(const Cursor& at, ThrottleDevice& out);
void decode(const Cursor& at, BlockIo& out);
void decode(const Cursor& at, HugepageLimit& out);
void decode(const Cursor& at, RdmaLimit& out);
void decode(const Cursor& at, InterfacePriority& out);
void decode(const Cursor& at, NetworkResources& out);
void decode(const Cursor& at, std::vector<std::pair<std::string, std::string>>& out);
void decode(const Cursor& at, Resources& out);
void decode(const Cursor& at, SeccompArg& out);
void decode(const Cursor& at, SeccompSyscall& out);
void decode(const Cursor& at, Seccomp& out);

}  // namespace redoubt::oci

#endif  // REDOUBT_OCI_SPEC_DECODE_H_
