// A QuickFIX initiator for the tests: commands on standard input, a line for each message and event on standard output.
//   D id side quantity price | G id original side quantity price | F id original side | H id side | q id | V id | x id
#include <quickfix/Application.h>
#include <quickfix/FileStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketInitiator.h>
#include <sstream>
#include <string>
#include <unistd.h>
#include "quickfix-lines.h"

class Client : public FIX::Application {
 public:
  std::string user, password;
  void onCreate(const FIX::SessionID&) override {}
  void onLogon(const FIX::SessionID&) override { line("logon"); }
  void onLogout(const FIX::SessionID&) override { line("logout"); }
  void toAdmin(FIX::Message& message, const FIX::SessionID&) override {
    if (message.getHeader().getField(35) == "A") message.setField(554, password);
    if (message.getHeader().getField(35) == "3") line("sent " + shown(message));
  }
  void toApp(FIX::Message& message, const FIX::SessionID&) throw(FIX::DoNotSend) override {
    if (message.getHeader().getField(35) == "j") line("sent " + shown(message));
  }
  void fromAdmin(const FIX::Message& message, const FIX::SessionID&)
      throw(FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue, FIX::RejectLogon) override { line("admin " + shown(message)); }
  void fromApp(const FIX::Message& message, const FIX::SessionID&)
      throw(FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue, FIX::UnsupportedMessageType) override { line("app " + shown(message)); }
};

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  FIX::SessionSettings settings(argv[1]);
  Client client;
  client.password = settings.get(*settings.getSessions().begin()).getString("Password");
  FIX::FileStoreFactory store(settings);
  FIX::SocketInitiator initiator(client, store, settings);
  initiator.start();
  const FIX::SessionID session = *settings.getSessions().begin();
  std::string input;
  while (std::getline(std::cin, input)) {
    std::istringstream words(input);
    std::string type, id, original, side, quantity, price;
    words >> type >> id;
    if (type == "quit") break;
    FIX::Message message;
    message.getHeader().setField(35, type);
    if (type == "G" || type == "F") { words >> original; message.setField(41, original); }
    if (type == "D" || type == "G" || type == "F" || type == "H") { words >> side; message.setField(54, side); message.setField(11, id); message.setField(55, "BTCUSDT"); }
    if (type == "D" || type == "G") {
      words >> quantity >> price;
      message.setField(38, quantity); message.setField(44, price);
      message.setField(40, "2"); message.setField(59, "1"); message.setField(21, "1");
    }
    if (type == "x") { message.setField(320, id); message.setField(559, "4"); }
    if (type == "q") { message.setField(11, id); message.setField(530, "7"); }
    if (type == "V") {
      message.setField(262, id); message.setField(263, "1"); message.setField(264, "0");
      FIX::Group types(267, 269); types.setField(269, "0"); message.addGroup(types);
      types.setField(269, "1"); message.addGroup(types);
      FIX::Group symbols(146, 55); symbols.setField(55, "BTCUSDT"); message.addGroup(symbols);
    }
    if (type != "x" && type != "V") message.setField(60, FIX::UtcTimeStampConvertor::convert(FIX::UtcTimeStamp(), 3));
    FIX::Session::sendToTarget(message, session);
  }
  initiator.stop();
  return 0;
}
