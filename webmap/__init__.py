"""webmap: the living atlas of a French agglomeration."""
