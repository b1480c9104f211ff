"""Parts of the procedural thorax: outline, lungs, mediastinum, skeleton, vessels, nodules."""
