import StrictCoding

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

func json(_ string: String) throws -> JSONValue { try JSONReader.parse(Array(string.utf8)) }
