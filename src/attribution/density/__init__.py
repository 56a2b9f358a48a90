"""A model's log-density and gradient as machine code, whatever the model.

``graph`` takes them from the ``pm.Model``; ``rewrites`` make them cheaper; ``lower`` turns them
into arrays as expressions; ``plan`` arranges those into loops; ``emit`` writes the loops as LLVM
code; ``native`` compiles and calls it; ``compiled`` is what the sampler gets.
"""
