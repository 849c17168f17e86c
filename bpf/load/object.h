// The compiled BPF programs as bytes (object.S). Empty in a build without REDOUBT_BPF. Read by
// loader.cc only; no page of it is touched by a start.
#ifndef REDOUBT_BPF_LOAD_OBJECT_H_
#define REDOUBT_BPF_LOAD_OBJECT_H_

extern "C" const char redoubt_bpf_object[];
extern "C" const char redoubt_bpf_object_end[];

// That of programs/landlock.bpf.c, read by file_reports.cc only.
extern "C" const char redoubt_reports_object[];
extern "C" const char redoubt_reports_object_end[];

// Those of record/, read by recorder.cc only.
extern "C" const char redoubt_record_object[];
extern "C" const char redoubt_record_object_end[];

#endif  // REDOUBT_BPF_LOAD_OBJECT_H_
