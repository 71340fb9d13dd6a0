namespace Microsoft.Azure.Devices.Shared;

/// <summary>What the hub keeps about a device; a device sees its properties alone.</summary>
public class Twin
{
    public Twin()
        : this(new TwinProperties())
    {
    }

    public Twin(TwinProperties twinProperties) => Properties = twinProperties;

    public TwinProperties Properties { get; set; }
}

public class TwinProperties
{
    /// <summary>What the cloud wants.</summary>
    public TwinCollection Desired { get; set; } = new();

    /// <summary>What the device says.</summary>
    public TwinCollection Reported { get; set; } = new();
}
