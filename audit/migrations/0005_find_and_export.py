from django.contrib.postgres.indexes import OpClass
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_schedule")]

    operations = [
        migrations.AlterModelOptions(
            name="auditlog",
            options={
                "default_permissions": ("view",),
                "ordering": ["-id"],
                "permissions": [("export_auditlog", "Can export the audit log")],
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit log",
            },
        ),
        migrations.AddIndex(
            model_name="auditlog",
            index=models.Index(OpClass(Upper("object_label"), name="text_pattern_ops"), name="audit_by_label"),
        ),
    ]
