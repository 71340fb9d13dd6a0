using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace CvOps.Trainer.Heads;

/// <summary>What a run needs to be made again: the trainer's version and what it runs on.</summary>
internal static class TrainerEnvironment
{
    public static Dictionary<string, string> Of(string trainer, int threads) => new()
    {
        ["trainer"] = $"cvops-trainer {trainer} {typeof(TrainerEnvironment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown"}",
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["threads"] = threads.ToString(CultureInfo.InvariantCulture),
    };
}
