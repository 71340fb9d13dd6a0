using System.Reflection;
using CvOps.Agent.Reports;

namespace CvOps.Agent.Programs;

/// <summary>What this process is: the program that was installed on the device, or one of a slot that the installed one has started.</summary>
/// <param name="Slot">Null for the installed program.</param>
/// <param name="Installed">Names the installed program: its version and what it was compiled of. Another one has another name.</param>
/// <param name="InstalledEntry">What starts the installed program.</param>
internal sealed record ProgramLaunch(ProgramSlot? Slot, string Installed, string InstalledEntry)
{
    public const string SlotVariable = "CVOPS_AGENT_SLOT";
    public const string InstalledVariable = "CVOPS_AGENT_INSTALLED";
    public const string EntryVariable = "CVOPS_AGENT_INSTALLED_ENTRY";

    /// <summary>The launcher's word to the program it starts.</summary>
    public IReadOnlyDictionary<string, string?> Variables => new Dictionary<string, string?>
    {
        [SlotVariable] = Slot?.ToString(), [InstalledVariable] = Slot is null ? null : Installed, [EntryVariable] = Slot is null ? null : InstalledEntry,
    };

    public string InstalledVersion => VersionOf(Installed);

    /// <summary>Of this process, as its launcher or itself says.</summary>
    public static ProgramLaunch OfThisProcess()
    {
        var (slot, installed, entry) = (Environment.GetEnvironmentVariable(SlotVariable), Environment.GetEnvironmentVariable(InstalledVariable), Environment.GetEnvironmentVariable(EntryVariable));
        return Enum.TryParse<ProgramSlot>(slot, out var known) && installed is not null && entry is not null ? new ProgramLaunch(known, installed, entry) : new ProgramLaunch(null, Own(), OwnEntry());
    }

    /// <summary>The version in <see cref="Installed"/>.</summary>
    public static string VersionOf(string installed) => installed.Split(' ', '+')[0];

    private static string Own()
    {
        var assembly = typeof(ProgramLaunch).Assembly;
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? AgentVersion.Text;
        return $"{version} {assembly.ManifestModule.ModuleVersionId:N}";
    }

    private static string OwnEntry() => ProgramExec.DotNet is null ? Environment.ProcessPath! : Path.Combine(AppContext.BaseDirectory, typeof(ProgramLaunch).Assembly.GetName().Name + ".dll");
}
