using System.CommandLine;
using CvOps.Trainer.Heads;
using CvOps.Vision;

namespace CvOps.Trainer.Torch;

/// <summary><c>cvops-trainer torch</c>.</summary>
internal static class TorchCommand
{
    public static Command Create()
    {
        var dataset = new Option<string>("--dataset") { Description = "Folder with dataset.json and images/DIGEST.jpg.", Required = true };
        var parent = new Option<string>("--parent") { Description = "The model whose input, decoder and, where its graph allows it, weights are taken: a .cvmodel file, or a folder with manifest.json and one .onnx.", Required = true };
        var folder = new Option<string>("--out") { Description = "Folder for model.onnx, manifest.json and golden.json.", Required = true };
        var parameters = new Option<string>("--parameters") { Description = "A file with a JSON object: epochs, batch, rate, decay, init, validation, threads, freeze, augment, classes.", Required = true };
        var checkpoints = new Option<string>("--checkpoints") { Description = "Folder for what another attempt can go on from.", Required = true };
        var seed = new Option<int>("--seed") { Description = "Of weights, order, augmentation and validation.", DefaultValueFactory = _ => 1 };
        var resume = new Option<bool>("--resume") { Description = "Go on from the checkpoint there." };
        var command = new Command("torch", "Trains a whole classifier or detector with PyTorch. Standard output is JSON lines, as fleet/TRAINERS.md has them.")
        {
            dataset, parent, folder, parameters, checkpoints, seed, resume,
        };
        command.SetAction((parsed, cancel) => RunAsync(new TorchOptions
        {
            Dataset = parsed.GetRequiredValue(dataset), Parent = parsed.GetRequiredValue(parent), Folder = parsed.GetRequiredValue(folder), Parameters = parsed.GetRequiredValue(parameters),
            Checkpoints = parsed.GetRequiredValue(checkpoints), Seed = parsed.GetValue(seed), Resume = parsed.GetValue(resume),
        }, cancel));
        return command;
    }

    private static async Task<int> RunAsync(TorchOptions options, CancellationToken cancel)
    {
        var output = new TrainerOutput(Console.Out);
        try
        {
            return await new TorchRun(options.WithClasses(), Console.Error).RunAsync(cancel);
        }
        catch (Exception e) when (e is TrainerException or ModelException)
        {
            output.Failed(e.Message);
            await Console.Error.WriteLineAsync($"cvops-trainer: {e.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            output.Failed("The run was stopped.");
            return 1;
        }
    }
}
