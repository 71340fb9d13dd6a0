using System.CommandLine;
using CvOps.Trainer.Heads;
using CvOps.Trainer.Torch;

var root = new RootCommand("One training run of CvOps, a process of its own. Exit code 0: the model stands in --out; 1: it does not, and the last line says why.")
{
    HeadCommand.Create(),
    TorchCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
