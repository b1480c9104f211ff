"""Simulating the LDCT of a converted data set once, by one process or by many."""

from lidnet_mm.datasets.offline_ldct.ldct_set import LDCTSet, SetProgress
from lidnet_mm.datasets.offline_ldct.setting_name import setting_name
from lidnet_mm.datasets.offline_ldct.shard import Shard
from lidnet_mm.datasets.offline_ldct.volume_jobs import find_annotation_files

__all__ = ["LDCTSet", "SetProgress", "Shard", "find_annotation_files", "setting_name"]
