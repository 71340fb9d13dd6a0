// In a file, not in the project: Directory.Build.targets takes away what Orleans' packages would put there.
global using Orleans;
global using Orleans.Runtime;
