// A QuickFIX acceptor for the tests: answers a NewOrderSingle with New, and on standard input:
//   fill id quantity price | quit
// A line for each message and event on standard output.
#include <quickfix/Application.h>
#include <quickfix/FileStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketAcceptor.h>
#include <sstream>
#include <string>
#include "quickfix-lines.h"

static FIX::Message report(const std::string& id, const std::string& execution, const std::string& status) {
  static int count = 0;
  FIX::Message message;
  message.getHeader().setField(35, "8");
  message.setField(37, "o-" + id);
  message.setField(17, std::to_string(++count));
  message.setField(150, execution);
  message.setField(39, status);
  message.setField(11, id);
  message.setField(55, "BTCUSDT");
  message.setField(54, "1");
  message.setField(151, status == "2" ? "0" : "1");
  message.setField(14, status == "2" ? "1" : "0");
  message.setField(6, "0");
  message.setField(60, FIX::UtcTimeStampConvertor::convert(FIX::UtcTimeStamp(), 3));
  return message;
}

class Venue : public FIX::Application {
 public:
  void onCreate(const FIX::SessionID&) override {}
  void onLogon(const FIX::SessionID&) override { line("logon"); }
  void onLogout(const FIX::SessionID&) override { line("logout"); }
  void toAdmin(FIX::Message&, const FIX::SessionID&) override {}
  void toApp(FIX::Message&, const FIX::SessionID&) throw(FIX::DoNotSend) override {}
  void fromAdmin(const FIX::Message& message, const FIX::SessionID&)
      throw(FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue, FIX::RejectLogon) override { line("admin " + shown(message)); }
  void fromApp(const FIX::Message& message, const FIX::SessionID& session)
      throw(FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue, FIX::UnsupportedMessageType) override {
    line("app " + shown(message));
    if (message.getHeader().getField(35) == "D") {
      FIX::Message answer = report(message.getField(11), "0", "0");
      FIX::Session::sendToTarget(answer, session);
    }
  }
};

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  FIX::SessionSettings settings(argv[1]);
  Venue venue;
  FIX::FileStoreFactory store(settings);
  FIX::SocketAcceptor acceptor(venue, store, settings);
  const FIX::SessionID session = *settings.getSessions().begin();
  acceptor.start();
  line("listening");
  std::string input;
  while (std::getline(std::cin, input)) {
    std::istringstream words(input);
    std::string command, id, quantity, price;
    words >> command >> id >> quantity >> price;
    if (command == "quit") break;
    if (command == "fill") {
      FIX::Message message = report(id, "F", "2");
      message.setField(32, quantity);
      message.setField(31, price);
      FIX::Session::sendToTarget(message, session);
    }
  }
  acceptor.stop();
  return 0;
}
