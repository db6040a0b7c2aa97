"""Ways to reach people and programs: one small file each, pure but for the sending itself."""
