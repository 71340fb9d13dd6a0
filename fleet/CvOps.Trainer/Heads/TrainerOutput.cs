using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Trainer.Heads;

/// <summary>The contract with whoever started the run: one JSON object a line.</summary>
internal sealed class TrainerOutput(TextWriter writer)
{
    public void Progress(int step, double loss) => Write(new TrainerLine("progress", step, loss));

    public void Environment(IReadOnlyDictionary<string, string> environment) => Write(new TrainerLine("environment", Environment: environment));

    public void Checkpoint(int step) => Write(new TrainerLine("checkpoint", step));

    public void Metrics(IReadOnlyDictionary<string, double> metrics, int? step = null) => Write(new TrainerLine("metrics", step, Metrics: metrics));

    public void Done(string message) => Write(new TrainerLine("done", Message: message));

    public void Failed(string message) => Write(new TrainerLine("failed", Message: message));

    private void Write(TrainerLine line)
    {
        writer.WriteLine(JsonSerializer.Serialize(line, ContractsJson.Default.TrainerLine));
        writer.Flush();
    }
}
