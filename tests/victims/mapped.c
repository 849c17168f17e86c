// mapped FILE: writes "mapped\n" to FILE through a shared mapping, and ends without msync(2).
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const char text[] = "mapped\n";
  const int fd = argc == 2 ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0644) : -1;
  if (fd < 0 || ftruncate(fd, sizeof text - 1) != 0) {
    return 1;
  }
  void* memory = mmap(0, sizeof text - 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    return 1;
  }
  close(fd);
  memcpy(memory, text, sizeof text - 1);
  return 0;
}
