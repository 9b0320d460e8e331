import HTTPWire

/// Header fields as the request path sees them, whatever codec read them: names in ASCII lower case, order kept.
public typealias HeaderFields = HTTPWire.HeaderFields
