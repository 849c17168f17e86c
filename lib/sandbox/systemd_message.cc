#include "sandbox/systemd_message.h"

#include <type_traits>

namespace redoubt::sandbox {

BusMessage::~BusMessage() {
  if (message_ != nullptr) {
    sd_.message_unref(message_);
  }
}

void BusMessage::open(char type, const char* contents) {
  if (result_ >= 0) {
    result_ = sd_.open_container(message_, type, contents);
  }
}

void BusMessage::close() {
  if (result_ >= 0) {
    result_ = sd_.close_container(message_);
  }
}

void BusMessage::append_basic(char type, const void* value) {
  if (result_ >= 0) {
    result_ = sd_.append_basic(message_, type, value);
  }
}

void BusMessage::append_text(const std::string& text) {
  append_basic('s', text.c_str());
}

void BusMessage::append_bool(bool value) {
  const int wide = value ? 1 : 0;  // sd-bus wants an int
  append_basic('b', &wide);
}

void BusMessage::append_scalar(char element, const UnitScalar& scalar) {
  std::visit(
      [&](const auto& item) {
        using T = std::decay_t<decltype(item)>;
        if constexpr (std::is_same_v<T, bool>) {
          append_bool(item);
        } else if constexpr (std::is_same_v<T, std::string>) {
          append_basic(element, item.c_str());
        } else {
          append_basic(element, &item);
        }
      },
      scalar);
}

void BusMessage::append_value(const UnitValue& value) {
  open('v', signature_of(value).c_str());
  if (value.shape == UnitValue::Shape::kScalar) {
    append_scalar(value.element, value.items.front());
  } else if (value.shape == UnitValue::Shape::kArray) {
    const char element[] = {value.element, '\0'};
    open('a', element);
    for (const UnitScalar& item : value.items) {
      append_scalar(value.element, item);
    }
    close();
  } else {
    open('a', "(ss)");
    for (const auto& [first, second] : value.pairs) {
      open('r', "ss");
      append_text(first);
      append_text(second);
      close();
    }
    close();
  }
  close();
}

void BusMessage::append_properties(const std::vector<UnitProperty>& properties) {
  open('a', "(sv)");
  for (const UnitProperty& property : properties) {
    open('r', "sv");
    append_text(property.name);
    append_value(property.value);
    close();
  }
  close();
}

void BusMessage::append_empty_array(const char* element) {
  open('a', element);
  close();
}

std::string take_object_path(const SystemdLibrary& library, sd_bus_message* reply) {
  const char* path = nullptr;
  std::string text = library.read_basic(reply, 'o', &path) > 0 ? path : "";
  library.message_unref(reply);
  return text;
}

}  // namespace redoubt::sandbox
