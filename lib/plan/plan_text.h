// A Plan as text: sections in brackets, one fact a line, only what is asked for. Stable, so that
// two Plans can be compared line by line: golden tests do (tests/testdata/plans), and explaining
// verbs print it.
#ifndef REDOUBT_PLAN_PLAN_TEXT_H_
#define REDOUBT_PLAN_PLAN_TEXT_H_

#include <string>

#include "plan/plan.h"

namespace redoubt::plan {

// Texts from config.json are quoted: one line stays one line whatever they contain. Ends with a
// newline.
std::string to_text(const Plan& plan);

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_PLAN_TEXT_H_
