// What the programs with QuickFIX share: a line for each message and event on standard output.
#pragma once
#include <quickfix/Message.h>
#include <iostream>
#include <mutex>
#include <string>

static std::mutex lines;
static void line(const std::string& text) {
  std::lock_guard<std::mutex> guard(lines);
  std::cout << text << std::endl;
}
static std::string shown(const FIX::Message& message) {
  std::string text = message.toString();
  for (char& c : text) if (c == '\001') c = '|';
  return text;
}
