// Page faults in advance. A command of a few milliseconds pays for each page that it touches first
// with a trip into the kernel, and in a virtual machine with more; asked for in one piece, a page
// costs a tenth.
#ifndef REDOUBT_BASE_PREFAULT_H_
#define REDOUBT_BASE_PREFAULT_H_

namespace redoubt {

// Maps the code, the heap and the stack that a launch is going to touch. Only what nearly every
// launch does touch, so that peak memory stays the same. Called first by create, run and exec; on
// a kernel before 5.14 nothing happens.
void prefault_launch();

}  // namespace redoubt

#endif  // REDOUBT_BASE_PREFAULT_H_
