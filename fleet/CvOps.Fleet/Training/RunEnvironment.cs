using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace CvOps.Fleet.Training;

/// <summary>Where a run ran, so that another can be made like it. The trainer adds what it knows itself.</summary>
internal static class RunEnvironment
{
    private static readonly Lazy<Dictionary<string, string>> Here = new(() => new Dictionary<string, string>
    {
        ["os"] = RuntimeInformation.OSDescription, ["cpu"] = Cpu(), ["cores"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
        ["machine"] = Environment.MachineName, ["fleet"] = typeof(RunEnvironment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
    });

    public static IReadOnlyDictionary<string, string> OfFleet() => Here.Value;

    private static string Cpu()
    {
        const string info = "/proc/cpuinfo";
        var model = File.Exists(info) ? File.ReadLines(info).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return model is null ? RuntimeInformation.ProcessArchitecture.ToString() : model[(model.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
