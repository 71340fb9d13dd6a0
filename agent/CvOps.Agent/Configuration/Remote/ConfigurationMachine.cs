using CvOps.Contracts.Twin;
using static CvOps.Contracts.Twin.ConfigurationState;

namespace CvOps.Agent.Configuration.Remote;

/// <summary>What happens to a configuration from afar.</summary>
internal enum ConfigurationEvent
{
    /// <summary>The desired twin names other settings, or none any more, and they have no mistake.</summary>
    Wanted,

    /// <summary>They have mistakes, or no longer go together with the device's file: nothing is changed, or that file holds alone.</summary>
    Mistaken,

    /// <summary>The step of the present state is done.</summary>
    Done,

    /// <summary>What soaked is the device's own file, with nothing over it.</summary>
    DoneWithFile,

    /// <summary>The step of the present state failed.</summary>
    Broke,

    /// <summary>A person at the device wants its own file to hold.</summary>
    Overruled,

    /// <summary>That person has changed their mind, and the fleet wants nothing.</summary>
    Allowed,
}

/// <summary>A change of configuration as a table, the same as in the agent's README.</summary>
internal static class ConfigurationMachine
{
    /// <exception cref="InvalidOperationException">The pair is not in the table: a bug, not an outcome.</exception>
    public static ConfigurationState Next(ConfigurationState state, ConfigurationEvent what) => (state, what) switch
    {
        (None,        ConfigurationEvent.Wanted)       => Applying,
        (Committed,   ConfigurationEvent.Wanted)       => Applying,
        (RolledBack,  ConfigurationEvent.Wanted)       => Applying,
        (Refused,     ConfigurationEvent.Wanted)       => Applying,
        (Overruled,   ConfigurationEvent.Wanted)       => Applying,

        (None,        ConfigurationEvent.Mistaken)     => Refused,
        (Committed,   ConfigurationEvent.Mistaken)     => Refused,
        (RolledBack,  ConfigurationEvent.Mistaken)     => Refused,
        (Refused,     ConfigurationEvent.Mistaken)     => Refused,
        (Overruled,   ConfigurationEvent.Mistaken)     => Refused,
        (Applying,    ConfigurationEvent.Mistaken)     => Refused,
        (Soaking,     ConfigurationEvent.Mistaken)     => Refused,
        (RollingBack, ConfigurationEvent.Mistaken)     => Refused,

        (Applying,    ConfigurationEvent.Done)         => Soaking,
        (Soaking,     ConfigurationEvent.Done)         => Committed,
        (Soaking,     ConfigurationEvent.DoneWithFile) => None,
        (RollingBack, ConfigurationEvent.Done)         => RolledBack,

        (Applying,    ConfigurationEvent.Broke)        => RollingBack,
        (Soaking,     ConfigurationEvent.Broke)        => RollingBack,

        (None,        ConfigurationEvent.Overruled)    => Overruled,
        (Committed,   ConfigurationEvent.Overruled)    => Overruled,
        (RolledBack,  ConfigurationEvent.Overruled)    => Overruled,
        (Refused,     ConfigurationEvent.Overruled)    => Overruled,
        (Applying,    ConfigurationEvent.Overruled)    => Overruled,
        (Soaking,     ConfigurationEvent.Overruled)    => Overruled,
        (RollingBack, ConfigurationEvent.Overruled)    => Overruled,

        (Overruled,   ConfigurationEvent.Allowed)      => None,

        _ => throw new InvalidOperationException($"A configuration in state {state} does not know the event {what}."),
    };

    /// <summary>True while a step is waiting to be taken.</summary>
    public static bool IsBusy(ConfigurationState state) => state is Applying or Soaking or RollingBack;
}
