"""The words of batonpass: values without input or output. Imports only the standard library and pydantic."""
